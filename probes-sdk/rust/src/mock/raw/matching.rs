//! `leadsman:matching`, answered by the mock.

pub mod expressions {
    pub use super::super::super::expressions::{find, holds, variables};

    #[derive(Debug)]
    pub enum Mismatch {
        UnknownExpression(String),
        Unreadable(String),
        Evaluation(String),
    }

    pub struct Blob(pub(crate) Vec<u8>);

    impl Blob {
        pub fn new(bytes: &[u8]) -> Self {
            Self(bytes.to_vec())
        }

        pub fn size(&self) -> u64 {
            u64::try_from(self.0.len()).unwrap_or(u64::MAX)
        }

        pub fn read(&self, offset: u64, length: u32) -> Vec<u8> {
            let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            self.0.iter().skip(skipped).take(length).copied().collect()
        }

        pub fn contains(&self, bytes: &[u8]) -> bool {
            bytes.is_empty() || self.0.windows(bytes.len()).any(|window| window == bytes)
        }
    }

    impl std::ops::Deref for Blob {
        type Target = [u8];

        fn deref(&self) -> &[u8] {
            &self.0
        }
    }

    pub fn holds_text(format: &str, expression: &str, text: &str) -> Result<bool, Mismatch> {
        holds(format, expression, text.as_bytes())
    }

    pub fn find_text(
        format: &str,
        expression: &str,
        text: &str,
    ) -> Result<Vec<Option<String>>, Mismatch> {
        find(format, expression, text.as_bytes())
    }
}
