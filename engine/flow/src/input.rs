//! Files and standard input as plain streams, whatever they are compressed with.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// A stream of unknown compression, opened for reading. Told by its first bytes, not by the name of the file: gzip (also
/// of several members, as log rotation writes it), Zstandard, or plain.
///
/// # Errors
/// When the first bytes can't be read, or a Zstandard header makes no sense.
pub fn decompressed<'r>(mut stream: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut magic = Vec::with_capacity(4);
    stream.by_ref().take(4).read_to_end(&mut magic)?;
    let compression = Compression::of(&magic);
    let whole: Chain<Cursor<Vec<u8>>, _> = Cursor::new(magic).chain(stream);
    Ok(match compression {
        Compression::Gzip => Box::new(Whole(flate2::read::MultiGzDecoder::new(BufReader::new(whole)))),
        Compression::Zstandard => Box::new(Whole(Frames { decoder: Some(decoder(BufReader::new(whole))?) })),
        Compression::None => Box::new(whole),
    })
}

/// A stream that says of itself that it is cut off, where its decoder has words of its own for that.
struct Whole<R>(R);

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            if ends_early(&error) {
                io::Error::new(io::ErrorKind::UnexpectedEof, "it is cut off")
            } else {
                error
            }
        })
    }
}

/// Whether there should be more of a stream: the decoder says so, or what it was told by what it reads from.
fn ends_early(error: &io::Error) -> bool {
    let is_early = |error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof;
    let mut cause = error.get_ref().map(|inner| inner as &(dyn Error + 'static));
    while let Some(inner) = cause {
        if inner.downcast_ref().is_some_and(is_early) {
            return true;
        }
        cause = inner.source();
    }
    is_early(error)
}

/// A Zstandard stream of any number of frames, as concatenated files have it.
struct Frames<R: BufRead> {
    /// None once the stream has ended.
    decoder: Option<StreamingDecoder<R, FrameDecoder>>,
}

fn decoder<R: BufRead>(stream: R) -> io::Result<StreamingDecoder<R, FrameDecoder>> {
    StreamingDecoder::new(stream).map_err(io::Error::other)
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(mut frame) = self.decoder.take() {
            let read = frame.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                self.decoder = Some(frame);
                return Ok(read);
            }
            let mut stream = frame.into_inner();
            if !stream.fill_buf()?.is_empty() {
                self.decoder = Some(decoder(stream)?);
            }
        }
        Ok(0)
    }
}

#[derive(Debug, Clone, Copy)]
enum Compression {
    Gzip,
    Zstandard,
    None,
}

impl Compression {
    fn of(magic: &[u8]) -> Compression {
        match magic {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd] => Compression::Zstandard,
            _ => Compression::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn check(stored: &[u8], expected: &str) {
        let mut text = String::new();
        decompressed(stored).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, expected);
    }

    #[test]
    fn the_first_bytes_tell_the_compression() {
        let gzip = |text: &str| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        check(b"", "");
        check(b"abc", "abc");
        check(b"plain text", "plain text");
        check(&gzip("packed"), "packed");
        check(&[gzip("two "), gzip("members")].concat(), "two members");
        let zstandard =
            ruzstd::encoding::compress_to_vec(&b"zstd"[..], ruzstd::encoding::CompressionLevel::Fastest);
        check(&zstandard, "zstd");
        check(&[zstandard.clone(), zstandard].concat(), "zstdzstd");
    }

    #[test]
    fn a_stream_that_is_cut_off_says_so() {
        // Text that can't be made small: the cut is in the middle of what is packed.
        let text: Vec<u8> =
            (0_u32..40_000).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&text).unwrap();
        let gzip = encoder.finish().unwrap();
        let zstandard =
            ruzstd::encoding::compress_to_vec(&text[..], ruzstd::encoding::CompressionLevel::Fastest);
        for whole in [gzip, zstandard] {
            let cut = &whole[..whole.len() / 2];
            let error = io::copy(&mut decompressed(cut).unwrap(), &mut io::sink()).unwrap_err();
            assert_eq!(error.to_string(), "it is cut off");
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&text).unwrap();
        let mut damaged = encoder.finish().unwrap();
        let end = damaged.len() - 6;
        damaged[end] ^= 1;
        let error = io::copy(&mut decompressed(&damaged[..]).unwrap(), &mut io::sink()).unwrap_err();
        assert_ne!(error.to_string(), "it is cut off");
    }
}
