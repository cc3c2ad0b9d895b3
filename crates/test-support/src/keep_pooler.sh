# Keeps the PgBouncer `$1` for as long as standard input is open, and removes its files however it ends.
#
# Standard input begins with its configuration and its users, each ended by a line of one dot. Where it ends by itself,
# its log is told.

exec 2>&1
# Nobody reads what is told when the other side was killed.
trap '' PIPE
umask 077
account=
parent=${TMPDIR:-/tmp}
if [ "$(id -u)" = 0 ]; then
    # It refuses to run as root, and another account need not get to our own temporary files.
    parent=/tmp
    for account in postgres _postgres nobody; do
        if id -u "$account" >/dev/null 2>&1; then break; fi
    done
fi
directory=$(mktemp -d "$parent/cortex-pooler-XXXXXXXX") && cd "$directory" || exit 1

until_dot() {
    while IFS= read -r line && [ "$line" != . ]; do printf '%s\n' "$line"; done
}
until_dot >pgbouncer.ini
until_dot >users.txt
[ -z "$account" ] || chown -R "$account" .

# A job in the background keeps standard input under another number only.
exec 3<&0
"$1" ${account:+-u "$account"} pgbouncer.ini </dev/null >log 2>&1 3<&- &
pooler=$!
{ read -r _ <&3; kill -KILL "$pooler"; } >/dev/null 2>&1 &
watcher=$!
exec 3<&-

wait "$pooler"
[ $? = 137 ] || cat log
kill "$watcher" 2>/dev/null
cd / && rm -rf "$directory"
