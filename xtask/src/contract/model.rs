//! A contract as data: what the document tells, and what the evolution rule compares.

use std::fmt;

/// A WIT package without what the contract does without: resources, async functions, streams, and
/// functions or types that belong to a world.
#[derive(Debug)]
pub(crate) struct Contract {
    /// `fondaco:plugin`.
    pub(crate) name: String,
    /// `(0, 1, 0)`: major, minor, patch.
    pub(crate) version: Version,
    /// The words before `package`.
    pub(crate) docs: String,
    /// In the order of the files' names and of the lines in them, like all that follows.
    pub(crate) interfaces: Vec<Interface>,
    /// The worlds.
    pub(crate) worlds: Vec<World>,
    /// What a contract must not lack: the items without a doc comment, and the interfaces in no
    /// world, each with its place.
    pub(crate) mistakes: Vec<String>,
}

/// The version of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// The first number.
    pub(crate) major: u64,
    /// The second. Records, variants, enums and flags stay as they are within it.
    pub(crate) minor: u64,
    /// The third.
    pub(crate) patch: u64,
}

/// The feature of `@unstable(feature = …)`; absent where an item is stable.
pub(crate) type Unstable = Option<String>;

/// One interface.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) unstable: Unstable,
    /// The types it defines. What it takes over from others with `use` is theirs.
    pub(crate) types: Vec<TypeItem>,
    pub(crate) functions: Vec<Function>,
}

/// A type that an interface defines.
#[derive(Debug)]
pub(crate) struct TypeItem {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) unstable: Unstable,
    pub(crate) shape: Shape,
}

/// What a type is.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Another name for a type.
    Alias(Type),
    /// Fields; each has a type.
    Record(Vec<Member>),
    /// Cases; some have a type.
    Variant(Vec<Member>),
    /// Cases without types.
    Enum(Vec<Member>),
    /// Flags; none has a type.
    Flags(Vec<Member>),
}

/// A field, a case or a flag.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// What it holds.
    pub(crate) holds: Option<Type>,
    pub(crate) docs: String,
}

/// A function of an interface.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) unstable: Unstable,
    pub(crate) parameters: Vec<(String, Type)>,
    pub(crate) result: Option<Type>,
}

/// A world. What it includes from others, and what its interfaces take their types from, is among
/// its imports and exports.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) unstable: Unstable,
    pub(crate) imports: Vec<Port>,
    pub(crate) exports: Vec<Port>,
}

/// An interface that a world imports or exports.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) interface: String,
    /// Where the world's line is marked, or the interface itself.
    pub(crate) unstable: Unstable,
}

/// A type as it is written where something has it. Names are those of the place that defines the
/// type, so that it does not matter how it was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    /// `u32`, `string`; also the `_` and the length that stand where a type could.
    Plain(String),
    /// A type of an interface.
    Named { interface: String, name: String },
    /// `option<…>`, `result<…, …>`.
    Applied { word: &'static str, parts: Vec<Type> },
}

impl Contract {
    /// The interface of this name.
    pub(crate) fn interface(&self, name: &str) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.name == name)
    }

    /// Whether a module provides the interface: some world exports it.
    pub(crate) fn is_hook(&self, name: &str) -> bool {
        self.worlds.iter().any(|world| world.exports.iter().any(|port| port.interface == name))
    }
}

impl Shape {
    /// WIT's word for it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Alias(_) => "type",
            Self::Record(_) => "record",
            Self::Variant(_) => "variant",
            Self::Enum(_) => "enum",
            Self::Flags(_) => "flags",
        }
    }

    /// Its fields, cases or flags.
    pub(crate) fn members(&self) -> &[Member] {
        match self {
            Self::Alias(_) => &[],
            Self::Record(members)
            | Self::Variant(members)
            | Self::Enum(members)
            | Self::Flags(members) => members,
        }
    }

    /// The word for one of them.
    pub(crate) fn member_word(&self) -> &'static str {
        match self {
            Self::Alias(_) | Self::Record(_) => "field",
            Self::Variant(_) | Self::Enum(_) => "case",
            Self::Flags(_) => "flag",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(word) => formatter.write_str(word),
            Self::Named { name, .. } => formatter.write_str(&escaped(name)),
            Self::Applied { word, parts } if parts.is_empty() => formatter.write_str(word),
            Self::Applied { word, parts } => {
                let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
                write!(formatter, "{word}<{}>", parts.join(", "))
            }
        }
    }
}

/// The words that WIT keeps for itself.
pub(crate) const KEYWORDS: [&str; 43] = [
    "as",
    "async",
    "bool",
    "borrow",
    "char",
    "constructor",
    "enum",
    "error-context",
    "export",
    "f32",
    "f64",
    "flags",
    "from",
    "func",
    "future",
    "import",
    "include",
    "interface",
    "list",
    "map",
    "option",
    "own",
    "package",
    "record",
    "resource",
    "result",
    "s16",
    "s32",
    "s64",
    "s8",
    "static",
    "stream",
    "string",
    "tuple",
    "type",
    "u16",
    "u32",
    "u64",
    "u8",
    "use",
    "variant",
    "with",
    "world",
];

/// A name as it is written in WIT: `%list`, where WIT keeps the word for itself.
pub(crate) fn escaped(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("%{name}") } else { name.to_owned() }
}
