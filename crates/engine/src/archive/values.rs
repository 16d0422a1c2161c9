//! Numbers, flags and texts.

use super::{Archive, Archived, wrong};
use crate::error::Result;
use crate::kernel::aligned::Row16;
use crate::random::Key;

/// Types that are a fixed number of bytes.
macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Archived for $number {
            fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
                let mut bytes = self.to_le_bytes();
                archive.bytes(&mut bytes)?;
                *self = Self::from_le_bytes(bytes);
                Ok(())
            }
        })*
    };
}

numbers!(u8, u16, u32, u64, i32, i64, f32, f64);

impl Archived for usize {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let mut number = *self as u64;
        number.archive(archive)?;
        *self = usize::try_from(number).map_err(|_| wrong("it has a number that is too large"))?;
        Ok(())
    }
}

impl Archived for bool {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let mut byte = u8::from(*self);
        byte.archive(archive)?;
        *self = match byte {
            0 => false,
            1 => true,
            _ => return Err(wrong("it has a flag that is neither yes nor no")),
        };
        Ok(())
    }
}

impl Archived for String {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let mut bytes = std::mem::take(self).into_bytes();
        bytes.archive(archive)?;
        *self = String::from_utf8(bytes).map_err(|_| wrong("it has a text that is none"))?;
        Ok(())
    }
}

impl Archived for Key {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.0.archive(archive)
    }
}

impl Archived for Row16 {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.0.archive(archive)
    }
}
