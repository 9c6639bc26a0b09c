//! The one list of a kind's fields, from which its struct, its writer, its reader
//! and its signers all follow.

macro_rules! bodies {
    ($($(#[$doc:meta])* $kind:ident {
        $($(#[$field_doc:meta])* $field:ident: $key:literal => $type:ty),+ $(,)?
    })+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $kind { $($(#[$field_doc])* pub $field: $type),+ }

            impl $kind {
                pub(super) const FIELDS: &'static [FieldShape] = &[$(FieldShape {
                    key: $key,
                    occurs: <$type as Field>::OCCURS,
                    rust: stringify!($type),
                }),+];

                pub(super) fn write(&self, out: &mut impl Write) -> fmt::Result {
                    $(Field::write(&self.$field, $key, out)?;)+
                    Ok(())
                }

                pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, FieldError> {
                    Ok($kind { $($field: <$type as Field>::read($key, from)?),+ })
                }

                pub(super) fn signers(&self) -> Vec<&VerifierKey> {
                    [$(Field::signer(&self.$field)),+].into_iter().flatten().collect()
                }
            }
        )+
    };
}

/// The enumeration of all kinds, each with its name in the first line.
macro_rules! statements {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)+) => {
        $(
            impl From<$kind> for Statement {
                fn from(body: $kind) -> Statement {
                    Statement::$kind(Box::new(body))
                }
            }
        )+

        /// One statement of any kind.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        pub enum Statement { $($(#[$doc])* $kind(Box<$kind>)),+ }

        impl Statement {
            /// Every kind with its fields, in order.
            pub const KINDS: &'static [(&'static str, &'static [FieldShape])] = &[$(($name, $kind::FIELDS)),+];

            /// The kind's name in the first line, `custody/<name>/v1`.
            pub fn kind(&self) -> &'static str {
                match self { $(Statement::$kind(_) => $name),+ }
            }

            /// Writes the statement's lines after the first.
            ///
            /// # Errors
            /// What `out` says; a `String` takes everything.
            pub fn write_lines(&self, out: &mut impl Write) -> fmt::Result {
                match self { $(Statement::$kind(body) => body.write(out)),+ }
            }

            /// The statement's lines after the first.
            pub fn lines(&self) -> Lines {
                let mut out = String::new();
                // Writing to a String cannot fail.
                let _ = self.write_lines(&mut out);
                Lines::of(&out)
            }

            /// Reads the lines after the first; `None` for a kind nobody knows.
            pub fn read(kind: &str, mut from: Reader<'_>) -> Option<Result<Self, FieldError>> {
                let read = match kind {
                    $($name => $kind::read(&mut from).map(Statement::from),)+
                    _ => return None,
                };
                Some(read.and_then(|statement| from.end().map(|()| statement)))
            }

            /// Every key that must have signed, in the order of the text, which is
            /// also the order of the signature lines.
            pub fn signers(&self) -> Vec<&VerifierKey> {
                match self { $(Statement::$kind(body) => body.signers()),+ }
            }

            /// The ledger the statement belongs to.
            pub fn ledger(&self) -> &Origin {
                match self { $(Statement::$kind(body) => &body.ledger),+ }
            }

            /// When it was made.
            pub fn at(&self) -> Stamp {
                match self { $(Statement::$kind(body) => body.at),+ }
            }

            /// The newest checkpoint the signers knew.
            pub fn seen(&self) -> Seen {
                match self { $(Statement::$kind(body) => body.seen),+ }
            }

            /// Its random bytes.
            pub fn nonce(&self) -> Nonce {
                match self { $(Statement::$kind(body) => body.nonce),+ }
            }
        }
    };
}

pub(super) use {bodies, statements};
