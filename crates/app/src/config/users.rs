//! What `cortex users` needs: Master, and for `bind` the accounts at Supabase too.

use url::Url;

use super::databases::MasterDatabase;
use super::deployment::Deployment;
use super::identity::{read_service_key, read_supabase_url};
use super::mistake::ConfigErrors;
use super::observability::LogConfig;
use super::reader::{Reader, Reading, read_all};
use super::secret::Secret;
use super::variable::Command;

/// What `cortex users map` and `cortex users list` need.
#[derive(Clone, Debug)]
pub struct UsersConfig {
    /// Whose users.
    pub deployment: Deployment,
    /// How events are written.
    pub log: LogConfig,
    /// Where they stand.
    pub master: MasterDatabase,
}

/// What `cortex users bind` needs.
#[derive(Clone, Debug)]
pub struct UsersBindConfig {
    /// What it has in common with the others.
    pub users: UsersConfig,
    /// Base URL of Master's Supabase project.
    pub supabase_url: Url,
    /// Key of its user administration.
    pub service_key: Secret,
}

impl UsersConfig {
    /// Reads it from variables.
    pub fn from_env(read: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        read_all(Command::Users, read, Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let deployment = Deployment::read(reader);
        let master = MasterDatabase::read(reader);
        let log = LogConfig::read(reader);
        Ok(Self { deployment: deployment?, log: log?, master: master? })
    }
}

impl UsersBindConfig {
    /// Reads it from variables.
    pub fn from_env(read: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        read_all(Command::UsersBind, read, |reader| {
            let users = UsersConfig::read(reader);
            let supabase_url = read_supabase_url(reader);
            let service_key = read_service_key(reader);
            Ok(Self { users: users?, supabase_url: supabase_url?, service_key: service_key? })
        })
    }
}
