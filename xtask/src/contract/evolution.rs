//! What may change within a minor version of the contract, and what may not.
//!
//! A module is built once and served for years, so within a minor version only functions,
//! interfaces, worlds and new types are added. A record, a variant, an enum or flags cannot even
//! grow: a component's type has to agree with the host's to the last field, and the old module
//! would not start. Two additions break as well, and look harmless: a function in an interface
//! that modules export, and an export of a world. The host would ask for what old modules lack.
//!
//! Types are compared as they are written, not by what they come to: that a field is a `decimal`
//! and not any `string` says what may be in it. Doc comments are not compared, and neither is what
//! was `@unstable` when it was frozen.

use super::model::{Contract, Function, Interface, Member, Port, Shape, Type, TypeItem, World};

/// What broke between the frozen contract and the present one, in words; empty if nothing did, or
/// if the minor version is another, which may change everything.
pub(crate) fn breaks(frozen: &Contract, now: &Contract) -> Vec<String> {
    if frozen.name != now.name {
        return vec![format!("the package was `{}` and is `{}` now", frozen.name, now.name)];
    }
    let minor = |contract: &Contract| (contract.version.major, contract.version.minor);
    if minor(frozen) != minor(now) {
        return Vec::new();
    }
    let mut breaks = Breaks::default();
    for interface in frozen.interfaces.iter().filter(|interface| interface.unstable.is_none()) {
        breaks.interface(interface, now);
        if frozen.is_hook(&interface.name) {
            breaks.hook(interface, now);
        }
    }
    for world in frozen.worlds.iter().filter(|world| world.unstable.is_none()) {
        breaks.world(world, now);
    }
    breaks.found
}

#[derive(Default)]
struct Breaks {
    found: Vec<String>,
}

impl Breaks {
    /// Notes one break. `kind` is what is called changed: `record`, `interface`.
    fn changed(&mut self, kind: &str, name: &str, what: &str) {
        let rule = match kind {
            "flags" => "changed flags need a new minor version".to_owned(),
            _ => format!("a changed {kind} needs a new minor version"),
        };
        self.found.push(format!("{kind} {name}: {what}; {rule}"));
    }

    fn gone(&mut self, kind: &str, name: &str) {
        self.found.push(format!(
            "{kind} {name} is gone; what modules were built with stays for the minor version"
        ));
    }

    fn unstable(&mut self, kind: &str, name: &str) {
        self.found.push(format!("{kind} {name} became `@unstable`; what was stable stays stable"));
    }

    fn interface(&mut self, frozen: &Interface, now: &Contract) {
        let name = format!("`{}`", frozen.name);
        let Some(now) = now.interface(&frozen.name) else {
            return self.gone("interface", &name);
        };
        if now.unstable.is_some() {
            return self.unstable("interface", &name);
        }
        for item in frozen.types.iter().filter(|item| item.unstable.is_none()) {
            let found = now.types.iter().find(|other| other.name == item.name);
            self.type_item(&format!("`{}` of {name}", item.name), item, found);
        }
        for function in frozen.functions.iter().filter(|function| function.unstable.is_none()) {
            let found = now.functions.iter().find(|other| other.name == function.name);
            self.function(&format!("`{}` of {name}", function.name), function, found);
        }
    }

    fn type_item(&mut self, name: &str, frozen: &TypeItem, now: Option<&TypeItem>) {
        let kind = frozen.shape.kind();
        let Some(now) = now else {
            return self.gone(kind, name);
        };
        if now.unstable.is_some() {
            self.unstable(kind, name);
        }
        match (&frozen.shape, &now.shape) {
            (Shape::Alias(before), Shape::Alias(after)) => {
                if before != after {
                    let what = from_to(Some(before), Some(after));
                    self.changed(kind, name, &format!("it changed {what}"));
                }
            }
            (before, after) if before.kind() == after.kind() => {
                let word = before.member_word();
                let (before, after) = (before.members(), after.members());
                self.parts(kind, name, word, &parts_of(before), &parts_of(after));
            }
            (_, after) => {
                self.changed(kind, name, &format!("it is of kind `{}` now", after.kind()));
            }
        }
    }

    fn function(&mut self, name: &str, frozen: &Function, now: Option<&Function>) {
        let Some(now) = now else {
            return self.gone("function", name);
        };
        if now.unstable.is_some() {
            self.unstable("function", name);
        }
        let (before, after) = (parameters_of(frozen), parameters_of(now));
        self.parts("function", name, "parameter", &before, &after);
        if frozen.result != now.result {
            let what = from_to(frozen.result.as_ref(), now.result.as_ref());
            self.changed("function", name, &format!("its result changed {what}"));
        }
    }

    /// Compares fields, cases, flags or parameters: all of them, and their order.
    fn parts(&mut self, kind: &str, name: &str, word: &str, before: &[Part], after: &[Part]) {
        let find = |parts: &[Part<'_>], name: &str| parts.iter().position(|part| part.0 == name);
        for (part, was) in before {
            match find(after, part).and_then(|place| after.get(place)) {
                None => self.changed(kind, name, &format!("{word} `{part}` is gone")),
                Some((_, is)) if is != was => {
                    let what = format!("{word} `{part}` changed {}", from_to(*was, *is));
                    self.changed(kind, name, &what);
                }
                Some(_) => {}
            }
        }
        for (part, _) in after.iter().filter(|part| find(before, part.0).is_none()) {
            self.changed(kind, name, &format!("{word} `{part}` is new"));
        }
        let places: Vec<_> = before.iter().filter_map(|part| find(after, part.0)).collect();
        if !places.is_sorted() {
            self.changed(kind, name, &format!("its {word}s are in another order"));
        }
    }

    /// An interface that modules export must not ask for more than they were built with.
    fn hook(&mut self, frozen: &Interface, now: &Contract) {
        let had = |name: &str| {
            frozen.functions.iter().any(|had| had.name == name && had.unstable.is_none())
        };
        let functions = now.interface(&frozen.name).map_or(&[][..], |now| &now.functions);
        for function in functions {
            if function.unstable.is_none() && !had(&function.name) {
                let name = format!("`{}`", frozen.name);
                let what = format!("function `{}` is new, and modules export it", function.name);
                self.changed("interface", &name, &what);
            }
        }
    }

    fn world(&mut self, frozen: &World, now: &Contract) {
        let name = format!("`{}`", frozen.name);
        let Some(now) = now.worlds.iter().find(|now| now.name == frozen.name) else {
            return self.gone("world", &name);
        };
        if now.unstable.is_some() {
            self.unstable("world", &name);
        }
        self.ports(&format!("of world {name}"), "import", &frozen.imports, &now.imports);
        self.ports(&format!("of world {name}"), "export", &frozen.exports, &now.exports);
        for port in now.exports.iter().filter(|port| port.unstable.is_none()) {
            let had = |had: &Port| had.interface == port.interface && had.unstable.is_none();
            if !frozen.exports.iter().any(had) {
                let what = format!("export `{}` is new, and old modules lack it", port.interface);
                self.changed("world", &name, &what);
            }
        }
    }

    fn ports(&mut self, of: &str, word: &str, frozen: &[Port], now: &[Port]) {
        for port in frozen.iter().filter(|port| port.unstable.is_none()) {
            let name = format!("`{}` {of}", port.interface);
            match now.iter().find(|now| now.interface == port.interface) {
                None => self.gone(word, &name),
                Some(now) if now.unstable.is_some() => self.unstable(word, &name),
                Some(_) => {}
            }
        }
    }
}

/// A field, case, flag or parameter with its type.
type Part<'a> = (&'a str, Option<&'a Type>);

fn parts_of(members: &[Member]) -> Vec<Part<'_>> {
    members.iter().map(|member| (member.name.as_str(), member.holds.as_ref())).collect()
}

fn parameters_of(function: &Function) -> Vec<Part<'_>> {
    function.parameters.iter().map(|(name, of)| (name.as_str(), Some(of))).collect()
}

/// `from … to …`, with the interfaces where the names alone are the same.
fn from_to(before: Option<&Type>, after: Option<&Type>) -> String {
    let short = |of: Option<&Type>| of.map_or("nothing".to_owned(), |of| format!("`{of}`"));
    let (from, to) = (short(before), short(after));
    if from != to {
        return format!("from {from} to {to}");
    }
    let long = |of: Option<&Type>| of.map(with_interfaces).unwrap_or_default();
    format!("from `{}` to `{}`", long(before), long(after))
}

fn with_interfaces(of: &Type) -> String {
    match of {
        Type::Plain(_) => of.to_string(),
        Type::Named { interface, .. } => format!("{interface}.{of}"),
        Type::Applied { word, parts } => {
            let parts: Vec<_> = parts.iter().map(with_interfaces).collect();
            format!("{word}<{}>", parts.join(", "))
        }
    }
}
