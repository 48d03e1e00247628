//! Command lines as a POSIX shell parts them into words.

mod ansi;

use crate::{journey::variable, left::ImportError, text::Text};

/// One word; what the shell would fill in stands as a template.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) text: Text,
    pub(super) line: usize,
    /// It holds bytes that are no text, or that no shell hands over: `text` only resembles it.
    pub(super) odd: bool,
}

/// One command.
#[derive(Debug, Default)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// What belongs to the line and not to the command: what it is piped into, what it reads.
    pub(super) rest: Vec<(usize, String)>,
}

/// What the shell would have filled in.
#[derive(Debug)]
pub(super) struct Filled {
    /// The variable that stands for it.
    pub(super) name: String,
    /// The environment variable; `None` is what a command would have printed.
    pub(super) env: Option<String>,
    pub(super) line: usize,
}

/// Parts `text` into commands.
pub(super) fn commands(text: &str) -> Result<(Vec<Command>, Vec<Filled>), ImportError> {
    let mut shell = Shell {
        chars: text.chars().collect(),
        at: 0,
        line: 1,
        word: None,
        bytes: Vec::new(),
        skip: false,
        command: Command::default(),
        done: Vec::new(),
        filled: Vec::new(),
    };
    while let Some(c) = shell.next() {
        shell.read(c)?;
    }
    shell.end_command();
    Ok((shell.done, shell.filled))
}

struct Shell {
    chars: Vec<char>,
    at: usize,
    line: usize,
    word: Option<Word>,
    /// Bytes at the word's end that were written one by one: only all of them are a letter.
    bytes: Vec<u8>,
    /// The next word is the name of a file that is written or read.
    skip: bool,
    command: Command,
    done: Vec<Command>,
    filled: Vec<Filled>,
}

impl Shell {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    fn word(&mut self) -> &mut Text {
        let line = self.line;
        let word = self.word.get_or_insert_with(|| Word {
            text: Text::default(),
            line,
            odd: false,
        });
        &mut word.text
    }

    fn push(&mut self, c: char) {
        self.end_bytes();
        self.word().push(c.encode_utf8(&mut [0; 4]));
    }

    fn end_bytes(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let odd = bytes.contains(&0) || std::str::from_utf8(&bytes).is_err();
        self.word().push(&String::from_utf8_lossy(&bytes));
        if let Some(word) = &mut self.word {
            word.odd |= odd;
        }
    }

    fn end_word(&mut self) {
        self.end_bytes();
        if let Some(word) = self.word.take()
            && !std::mem::take(&mut self.skip)
        {
            self.command.words.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.skip = false;
        let command = std::mem::take(&mut self.command);
        if !command.words.is_empty() {
            self.done.push(command);
        }
    }

    fn read(&mut self, c: char) -> Result<(), ImportError> {
        match c {
            ' ' | '\t' | '\r' => self.end_word(),
            '\n' | ';' => self.end_command(),
            '&' => {
                self.take('&');
                self.end_command();
            }
            '|' => self.pipe(),
            '\\' => self.backslash(),
            '#' if self.word.is_none() => self.skip_line(),
            '\'' => self.single()?,
            '"' => self.double()?,
            '`' => self.substitution('`')?,
            '$' => self.dollar()?,
            '>' | '<' => self.redirection(c)?,
            c => self.push(c),
        }
        Ok(())
    }

    fn backslash(&mut self) {
        match self.next() {
            Some('\n') | None => {}
            Some('\r') if self.peek() == Some('\n') => drop(self.next()),
            Some(c) => self.push(c),
        }
    }

    fn skip_line(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.next();
        }
    }

    fn pipe(&mut self) {
        self.end_word();
        let (start, line) = (self.at, self.line);
        if !self.take('|') {
            self.skip_line();
            let rest: String = self
                .chars
                .get(start..self.at)
                .unwrap_or_default()
                .iter()
                .collect();
            self.command.rest.push((line, format!("|{rest}")));
        }
        self.end_command();
    }

    fn redirection(&mut self, c: char) -> Result<(), ImportError> {
        let number = |text: &Text| {
            text.as_literal()
                .is_some_and(|text| text.len() == 1 && text.chars().all(|c| c.is_ascii_digit()))
        };
        if self.word.as_ref().is_some_and(|word| number(&word.text)) {
            self.word = None;
        }
        self.end_word();
        if c == '<' {
            if self.peek() == Some('<') {
                return Err(ImportError::new(
                    self.line,
                    "a document within the command (`<<`) cannot be read",
                    "write the body as `--data '…'`",
                ));
            }
            self.command.rest.push((self.line, "<".to_owned()));
        }
        self.take('>');
        if self.take('&') {
            self.next();
        } else {
            self.skip = true;
        }
        Ok(())
    }

    fn unclosed(line: usize, quote: char) -> ImportError {
        ImportError::new(
            line,
            format!("the quote `{quote}` is not closed"),
            format!("close it with `{quote}`; within '…' a quote is written `'\\''`"),
        )
    }

    fn single(&mut self) -> Result<(), ImportError> {
        let line = self.line;
        self.word();
        loop {
            match self.next() {
                Some('\'') => return Ok(()),
                Some(c) => self.push(c),
                None => return Err(Self::unclosed(line, '\'')),
            }
        }
    }

    fn double(&mut self) -> Result<(), ImportError> {
        let line = self.line;
        self.word();
        loop {
            match self.next() {
                Some('"') => return Ok(()),
                Some('\\') => match self.next() {
                    Some('\n') => {}
                    Some(c @ ('$' | '`' | '"' | '\\')) => self.push(c),
                    Some(c) => {
                        self.push('\\');
                        self.push(c);
                    }
                    None => return Err(Self::unclosed(line, '"')),
                },
                Some('$') if !matches!(self.peek(), Some('\'' | '"')) => self.dollar()?,
                Some('`') => self.substitution('`')?,
                Some(c) => self.push(c),
                None => return Err(Self::unclosed(line, '"')),
            }
        }
    }

    fn dollar(&mut self) -> Result<(), ImportError> {
        match self.peek() {
            Some('\'') => {
                self.next();
                self.escaped()
            }
            Some('"') => {
                self.next();
                self.double()
            }
            Some('(') => {
                self.next();
                self.substitution(')')
            }
            Some('{') => {
                self.next();
                let name = self.name();
                if name.is_empty() || !self.take('}') {
                    let message = "this `${…}` is more than a variable's name";
                    return Err(ImportError::new(
                        self.line,
                        message,
                        "put the value there, or write `$NAME`",
                    ));
                }
                self.fill(Some(name));
                Ok(())
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.name();
                self.fill(Some(name));
                Ok(())
            }
            _ => {
                self.push('$');
                Ok(())
            }
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self
            .peek()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        {
            name.push(c);
            self.next();
        }
        name
    }

    fn fill(&mut self, env: Option<String>) {
        let name = env
            .as_deref()
            .map_or_else(|| "printed".to_owned(), variable);
        self.end_bytes();
        self.word().push_template(&name);
        self.filled.push(Filled {
            name,
            env,
            line: self.line,
        });
    }

    fn substitution(&mut self, end: char) -> Result<(), ImportError> {
        let (line, mut depth) = (self.line, 1);
        loop {
            match self.next() {
                Some(c) if c == end => depth -= 1,
                Some('(') if end == ')' => depth += 1,
                Some(_) => {}
                None => return Err(Self::unclosed(line, end)),
            }
            if depth == 0 {
                self.fill(None);
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parted(text: &str) -> Vec<Vec<String>> {
        let (commands, _) = commands(text).unwrap();
        let words = |command: Command| {
            command
                .words
                .into_iter()
                .map(|word| word.text.written())
                .collect()
        };
        commands.into_iter().map(words).collect()
    }

    #[test]
    fn words_are_parted_as_a_shell_does() {
        for (text, words) in [
            (
                r#"a 'b c' "d \"e\" \n" f\ g"#,
                vec!["a", "b c", "d \"e\" \\n", "f g"],
            ),
            ("a \\\n  b # c", vec!["a", "b"]),
            (r"$'it\'s \u00e9 \x41\n' x", vec!["it's é A\n", "x"]),
            (r"$'\ud83d\ude00'", vec!["😀"]),
            (r"$'\xc3'$'\xa9\101\q\\\cI' x", vec!["éA\\q\\\t", "x"]),
            ("a'b'\"c\"d ''", vec!["abcd", ""]),
            (
                "a \"$TOKEN\" ${HOST}/x '$NOT' $(date)",
                vec!["a", "${token}", "${host}/x", "$NOT", "${printed}"],
            ),
            ("a > out 2>/dev/null 2>&1 b", vec!["a", "b"]),
            ("a https://x/?b=1#c", vec!["a", "https://x/?b=1#c"]),
        ] {
            assert_eq!(parted(text), [words], "{text}");
        }
        assert_eq!(
            parted("a b\nc && d; e | jq . \nf"),
            [vec!["a", "b"], vec!["c"], vec!["d"], vec!["e"], vec!["f"]]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_known_as_such() {
        for (text, odd) in [
            (r"$'\xff\xe9'", true),
            (r"a$'\303'b", true),
            (r"$'\0'", true),
            (r"$'\u0000'", true),
            (r"$'\ud83d'", true),
            (r"$'\303\251'", false),
            ("é", false),
        ] {
            let (commands, _) = commands(text).unwrap();
            assert_eq!(commands[0].words[0].odd, odd, "{text}");
        }
    }

    #[test]
    fn an_open_quote_is_told_with_its_line() {
        for text in ["a\n'b", "a\n\"b", "a\n$'b", "a\n$(b", "a\n\"b\\"] {
            assert_eq!(commands(text).unwrap_err().line, 2, "{text}");
        }
    }
}
