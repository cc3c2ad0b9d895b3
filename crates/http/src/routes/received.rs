//! Files as they arrive: `multipart/form-data`, piece by piece into temporary files.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::rt::time::timeout;
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, error::BlockingError};
use cortex_ingestion::model::{FileBody, Fingerprint};
use cortex_kernel::UserId;
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempPath};

use crate::IntakeServices;
use crate::extract::BodyPatience;
use crate::problem::{Problem, ProblemKind};
use crate::upload_room::{Place, largest};

/// A file that arrived. The file in the system's temporary directory goes with this value.
pub(super) struct Received {
    /// Its name, as it was sent; empty where none was.
    pub(super) name: String,
    /// The hash of its bytes.
    pub(super) hash: Fingerprint,
    path: TempPath,
    size: u64,
}

/// What is taken.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// The name of the field.
    pub(super) field: &'static str,
    /// Most files.
    pub(super) most_files: usize,
    /// From whom.
    pub(super) by: UserId,
}

/// What was taken. The place in the room for uploads is given back with it.
pub(super) struct Arrived {
    /// The files, in their order; at least one.
    pub(super) files: Vec<Received>,
    _place: Place,
}

/// The body while it arrives.
struct Arrival {
    since: Instant,
    patience: Duration,
    bytes: u64,
    /// For so many bytes there is room.
    most: u64,
}

/// A file while it arrives.
struct Sink {
    file: NamedTempFile,
    hash: Sha256,
}

/// Bytes that are written at once: one change of thread for many pieces of the network's size.
const PIECE: usize = 512 * 1024;

/// Over a line that is slower, 300 kbit/s, nobody is waited for: the time that a body may take grows with what arrives.
const LEAST_BYTES_PER_SECOND: u64 = 37_500;

/// Takes the files of the request. Before there is room for them nothing is read; then reading stops as soon as one
/// thing is wrong.
pub(super) async fn receive(
    intake: &IntakeServices,
    request: &HttpRequest,
    payload: Payload,
    wanted: Wanted,
) -> Result<Arrived, Problem> {
    let Wanted { field: expected, most_files, by } = wanted;
    let most_bytes = intake.limits.most_bytes;
    if !is_form(request) {
        let detail = "The body must be a form with files, with the header Content-Type: multipart/form-data.";
        return Err(Problem::new(ProblemKind::UnsupportedMediaType).detail(detail));
    }
    let BodyPatience(patience) = request.app_data().copied().unwrap_or_default();
    let largest = largest(most_bytes, most_files);
    let most = length(request).map_or(largest, |length| length.min(largest));
    let place = intake.room.take(by, most, patience).await?;
    let mut arrival = Arrival { since: Instant::now(), patience, bytes: 0, most };
    let mut form = Multipart::new(request.headers(), payload);
    let mut files = Vec::new();
    while let Some(field) = arrival.next(&mut form).await? {
        let field = field.map_err(|error| unreadable(&error))?;
        let name = field.name().unwrap_or_default();
        if name != expected {
            let detail = format!("unknown field; files are sent as `{expected}`");
            return Err(invalid(&name.chars().take(100).collect::<String>(), detail));
        }
        if files.len() == most_files {
            let detail = format!("At most {} may be sent at once.", counted(most_files));
            return Err(Problem::new(ProblemKind::TooManyFiles).detail(detail));
        }
        files.push(take(field, &mut arrival, most_bytes).await?);
    }
    if files.is_empty() {
        return Err(invalid(expected, "missing field"));
    }
    Ok(Arrived { files, _place: place })
}

/// One file, until its end.
async fn take(mut field: Field, arrival: &mut Arrival, most_bytes: u64) -> Result<Received, Problem> {
    let name = field.content_disposition().and_then(|disposition| {
        let plain = disposition.get_filename().map(ToOwned::to_owned);
        // RFC 6266, section 4.3: the one with an alphabet of its own is the better one.
        let extended = disposition.get_filename_ext();
        extended.map(|extended| String::from_utf8_lossy(&extended.value).into_owned()).or(plain)
    });
    let mut sink = on_disk(Sink::new).await?;
    let (mut piece, mut size) = (Vec::new(), 0_u64);
    while let Some(bytes) = arrival.next(&mut field).await? {
        let bytes = bytes.map_err(|error| unreadable(&error))?;
        size += bytes.len() as u64;
        arrival.bytes += bytes.len() as u64;
        if size > most_bytes {
            return Err(too_large(most_bytes));
        }
        if arrival.bytes > arrival.most {
            let detail = "The body goes on beyond the length that its header Content-Length tells.";
            return Err(Problem::new(ProblemKind::MalformedRequest).detail(detail));
        }
        piece.extend_from_slice(&bytes);
        if piece.len() >= PIECE {
            let full = std::mem::take(&mut piece);
            sink = on_disk(move || sink.write(&full)).await?;
        }
    }
    let (hash, path) = on_disk(move || Ok(sink.write(&piece)?.finish())).await?;
    Ok(Received { name: name.unwrap_or_default(), hash, path, size })
}

impl Received {
    /// Where its bytes are.
    pub(super) fn body(&self) -> FileBody {
        FileBody::OnDisk { path: self.path.to_path_buf(), size: self.size }
    }
}

impl Arrival {
    /// The next part, which has to come in time.
    async fn next<T>(&self, parts: &mut (impl Stream<Item = T> + Unpin)) -> Result<Option<T>, Problem> {
        let granted = self.patience + Duration::from_secs(self.bytes / LEAST_BYTES_PER_SECOND);
        // Whoever was quick before may not pause for longer either.
        let left = granted.saturating_sub(self.since.elapsed()).min(self.patience);
        let late = Problem::new(ProblemKind::RequestTimeout).detail("The body took too long to arrive.");
        timeout(left, parts.next()).await.map_err(|_| late)
    }
}

impl Sink {
    fn new() -> io::Result<Self> {
        let file = tempfile::Builder::new().prefix("cortex-upload-").tempfile()?;
        Ok(Self { file, hash: Sha256::new() })
    }

    fn write(mut self, bytes: &[u8]) -> io::Result<Self> {
        self.hash.update(bytes);
        self.file.write_all(bytes)?;
        Ok(self)
    }

    fn finish(self) -> (Fingerprint, TempPath) {
        (Fingerprint::of([self.hash.finalize().as_slice()]), self.file.into_temp_path())
    }
}

/// Work on the disk, off the threads that serve requests.
async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Problem> {
    match web::block(work).await {
        Ok(Ok(value)) => Ok(value),
        // Most of all a disk that is full, which passes.
        Ok(Err(error)) => Err(Problem::new(ProblemKind::Unavailable).caused_by(error)),
        Err(error @ BlockingError { .. }) => Err(Problem::new(ProblemKind::Internal).caused_by(error.to_string())),
    }
}

fn is_form(request: &HttpRequest) -> bool {
    let media = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("multipart/form-data")
}

fn length(request: &HttpRequest) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn unreadable(error: &MultipartError) -> Problem {
    let problem = Problem::new(ProblemKind::MalformedRequest).caused_by(error.to_string());
    problem.detail("The body is no form that can be read: it breaks off, or its parts are not told apart.")
}

fn invalid(field: &str, detail: impl Into<String>) -> Problem {
    let pointer = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
    Problem::new(ProblemKind::InvalidField).invalid_field(pointer, detail)
}

fn too_large(most_bytes: u64) -> Problem {
    Problem::new(ProblemKind::FileTooLarge).detail(format!("A file may have {most_bytes} bytes."))
}

fn counted(files: usize) -> String {
    if files == 1 { "one file".to_owned() } else { format!("{files} files") }
}
