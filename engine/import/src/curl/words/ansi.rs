//! Texts with the escapes of C, as browsers write them.

use super::Shell;
use crate::left::ImportError;

impl Shell {
    /// `$'…'`, with the escapes of C.
    pub(super) fn escaped(&mut self) -> Result<(), ImportError> {
        let line = self.line;
        self.word();
        loop {
            match self.next() {
                Some('\'') => return Ok(()),
                Some('\\') => self.escape(line)?,
                Some(c) => self.push(c),
                None => return Err(Self::unclosed(line, '\'')),
            }
        }
    }

    fn escape(&mut self, line: usize) -> Result<(), ImportError> {
        let Some(c) = self.next() else {
            return Err(Self::unclosed(line, '\''));
        };
        let code = match c {
            'n' => 0x0a,
            't' => 0x09,
            'r' => 0x0d,
            'a' => 0x07,
            'b' => 0x08,
            'e' | 'E' => 0x1b,
            'f' => 0x0c,
            'v' => 0x0b,
            'c' => self.next().map_or(0, |c| u32::from(c) & 0x1f),
            'u' => self.digits(4, 16, 0),
            'U' => self.digits(8, 16, 0),
            'x' => {
                let code = self.digits(2, 16, 0);
                self.byte(code);
                return Ok(());
            }
            '0'..='7' => {
                let code = self.digits(2, 8, c.to_digit(8).unwrap_or_default());
                self.byte(code);
                return Ok(());
            }
            '\\' | '\'' | '"' | '?' => u32::from(c),
            // What is no escape stays as it is written.
            other => {
                self.push('\\');
                u32::from(other)
            }
        };
        let high = (0xd800..0xdc00).contains(&code);
        let code = if high { self.low_half(code) } else { code };
        match char::from_u32(code).filter(|c| *c != '\0') {
            Some(c) => self.push(c),
            // A shell ends the text at such a character, and half of one is none.
            None => self.byte(0),
        }
        Ok(())
    }

    /// A byte by its number; one beyond ASCII is a part of a letter.
    fn byte(&mut self, code: u32) {
        let [byte, ..] = code.to_le_bytes();
        if byte.is_ascii() && byte != 0 {
            return self.push(char::from(byte));
        }
        self.word();
        self.bytes.push(byte);
    }

    /// Browsers write what is above U+FFFF as two halves.
    fn low_half(&mut self, high: u32) -> u32 {
        let back = self.at;
        if self.take('\\') && self.take('u') {
            let low = self.digits(4, 16, 0);
            if (0xdc00..0xe000).contains(&low) {
                return 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            }
        }
        self.at = back;
        high
    }

    fn digits(&mut self, most: usize, base: u32, first: u32) -> u32 {
        let mut code = first;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(base)) else {
                break;
            };
            self.next();
            code = code.wrapping_mul(base).wrapping_add(digit);
        }
        code
    }
}
