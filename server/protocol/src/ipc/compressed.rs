//! What a compressed buffer becomes, said by itself and looked at.

use arrow_ipc::CompressionType;

use super::{INFLATED_BYTES, invalid, too_large};
use crate::error::ProtocolError;

/// Bytes before a compressed buffer, which say how long it will be.
const PREFIX_BYTES: usize = 8;

/// The prefix of a buffer that is not compressed after all.
const AS_IT_IS: i64 = -1;

/// Begin of an LZ4 frame.
const LZ4_MAGIC: [u8; 4] = 0x184D_2204_u32.to_le_bytes();

/// Bytes that one byte of an LZ4 block can stand for.
const LZ4_RATIO: usize = 255;

/// How a batch's buffers are packed; not at all when none is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// LZ4 frames.
    Lz4,
    /// Zstandard frames.
    Zstd,
}

impl Codec {
    pub(super) fn of(codec: CompressionType) -> Result<Self, ProtocolError> {
        match codec {
            CompressionType::LZ4_FRAME => Ok(Self::Lz4),
            CompressionType::ZSTD => Ok(Self::Zstd),
            _ => Err(invalid(
                "expected compression with LZ4 or ZSTD, got another",
            )),
        }
    }

    /// The length of a buffer once it is inflated.
    pub(super) fn inflated(self, buffer: &[u8]) -> Result<usize, ProtocolError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let Some((prefix, packed)) = buffer.split_first_chunk::<PREFIX_BYTES>() else {
            return Err(invalid("a compressed buffer is too short"));
        };
        let said = i64::from_le_bytes(*prefix);
        if said == AS_IT_IS {
            return Ok(packed.len());
        }
        let said = usize::try_from(said)
            .map_err(|_| invalid("a compressed buffer says that it has a negative length"))?;
        // Zstandard inflates into what was said and no further. The reader of LZ4 goes on.
        let becomes = match self {
            Self::Zstd => said,
            Self::Lz4 if said == 0 => 0,
            Self::Lz4 => said.max(lz4_bound(packed)?),
        };
        if becomes > INFLATED_BYTES {
            return Err(too_large("a compressed buffer takes", INFLATED_BYTES));
        }
        Ok(said)
    }
}

/// The most that an LZ4 frame can become, found by walking over its blocks.
fn lz4_bound(frame: &[u8]) -> Result<usize, ProtocolError> {
    let damaged = || invalid("an LZ4 frame is damaged");
    let mut rest = Bytes(frame);
    if rest.take::<4>().ok_or_else(damaged)? != LZ4_MAGIC {
        return Err(damaged());
    }
    let [flags, sizes] = rest.take::<2>().ok_or_else(damaged)?;
    let block = match sizes >> 4 & 7 {
        4 => 64 << 10,
        5 => 256 << 10,
        6 => 1 << 20,
        7 => 4 << 20,
        _ => return Err(damaged()),
    };
    let (checksums, sized, dictionary) = (flags & 16 != 0, flags & 8 != 0, flags & 1 != 0);
    if dictionary {
        return Err(invalid("an LZ4 frame wants a dictionary"));
    }
    let checksum_of_header = 1;
    rest.skip(if sized { 8 } else { 0 } + checksum_of_header)
        .ok_or_else(damaged)?;
    let mut bound = 0_usize;
    while let Some(word) = rest.take::<4>() {
        let word = u32::from_le_bytes(word);
        let (plain, length) = (word >> 31 == 1, (word & 0x7fff_ffff) as usize);
        if length == 0 {
            break;
        }
        if length > block {
            return Err(damaged());
        }
        bound += if plain {
            length
        } else {
            block.min(length.saturating_mul(LZ4_RATIO))
        };
        rest.skip(length + if checksums { 4 } else { 0 })
            .ok_or_else(damaged)?;
    }
    Ok(bound)
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.0 = self.0.get(count..)?;
        Some(())
    }
}
