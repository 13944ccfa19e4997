//! Enums that files write as words.

/// Defines an enum whose variants are words: the words are written once, and reading, showing and the schema follow.
macro_rules! words {
    ($(#[$outer:meta])* pub enum $type:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $type {
            $($(#[$inner])* #[serde(rename = $word)] $variant,)*
        }

        impl $type {
            /// Every word, in order.
            pub const ALL: &[$type] = &[$($type::$variant,)*];

            /// The word, as files write it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($type::$variant => $word,)* }
            }

            /// The value that a word stands for; none when it stands for nothing.
            #[must_use]
            pub fn from_word(word: &str) -> Option<$type> {
                $type::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use words;
