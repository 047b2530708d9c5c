//! From a [`Contract`] to the document that a module's developer reads.

use std::fmt::Write as _;

use super::model::{
    Contract, Function, Interface, Member, Port, Shape, Type, TypeItem, Unstable, World, escaped,
};

/// The sentence of an interface's doc comment that says that no client has to grant it.
const ALWAYS_THERE: &str = "Always there.";

/// The document, in Markdown.
pub(crate) fn document(contract: &Contract) -> String {
    let mut text = opening(contract);
    let (hooks, imported): (Vec<_>, Vec<_>) =
        contract.interfaces.iter().partition(|interface| contract.is_hook(&interface.name));
    let (mut capabilities, shared): (Vec<_>, Vec<_>) =
        imported.into_iter().partition(|interface| !interface.functions.is_empty());
    capabilities.sort_by_key(|interface| !is_always_there(interface));
    text.push_str(&capability_table(&capabilities));
    text.push_str(&hook_table(contract, &hooks));
    text.push_str(&world_table(contract));
    for (title, interfaces) in
        [("Shared types", shared), ("Capabilities", capabilities), ("Hooks", hooks)]
    {
        let _ = write!(text, "\n## {title}, in full\n");
        for interface in interfaces {
            text.push_str(&interface_section(interface));
        }
    }
    text
}

fn opening(contract: &Contract) -> String {
    format!(
        "<!-- Written by `cargo xtask contract` from the files in `wit`. Change those. -->\n\n\
         # The contract: `{}@{}`\n\n{}\n",
        contract.name, contract.version, contract.docs
    )
}

fn capability_table(capabilities: &[&Interface]) -> String {
    let rows = capabilities.iter().map(|interface| {
        let permission = if is_always_there(interface) {
            "always there".to_owned()
        } else {
            format!("needs the grant `{}`", interface.name)
        };
        [interface_link(&interface.name), summary(&interface.docs), permission, served(interface)]
    });
    "\n## What a module may do\n\nEach is an interface to import.\n\n".to_owned()
        + &table(["Interface", "What it is for", "Permission", "State"], rows)
}

fn hook_table(contract: &Contract, hooks: &[&Interface]) -> String {
    let rows = hooks.iter().map(|interface| {
        let worlds = contract.worlds.iter().filter(|world| has(&world.exports, &interface.name));
        let worlds = worlds.map(|world| format!("`{}`", world.name)).collect::<Vec<_>>();
        let name = interface_link(&interface.name);
        [name, summary(&interface.docs), worlds.join(", "), served(interface)]
    });
    "\n## What a module may hear and answer\n\nEach is an interface to export.\n\n".to_owned()
        + &table(["Interface", "What it is for", "World", "State"], rows)
}

fn world_table(contract: &Contract) -> String {
    let rows = contract.worlds.iter().map(|world| {
        let name = format!("`{}`", world.name);
        let exports = links(&world.exports);
        [name, in_cell(&world.docs), imports(contract, world), exports, state(&world.unstable)]
    });
    "\n## Worlds\n\n".to_owned() + &table(["World", "Meaning", "Imports", "Exports", "State"], rows)
}

/// What a world imports; in one word where it is all that a world without exports has.
fn imports(contract: &Contract, world: &World) -> String {
    let same = |other: &&World| {
        other.exports.is_empty()
            && !world.exports.is_empty()
            && other.imports.iter().all(|port| has(&world.imports, &port.interface))
            && world.imports.iter().all(|port| has(&other.imports, &port.interface))
    };
    match contract.worlds.iter().find(same) {
        Some(other) => format!("those of `{}`", other.name),
        None => links(&world.imports),
    }
}

fn links(ports: &[Port]) -> String {
    ports.iter().map(|port| interface_link(&port.interface)).collect::<Vec<_>>().join(", ")
}

fn has(ports: &[Port], interface: &str) -> bool {
    ports.iter().any(|port| port.interface == interface)
}

fn is_always_there(interface: &Interface) -> bool {
    in_cell(&interface.docs).contains(ALWAYS_THERE)
}

fn interface_section(interface: &Interface) -> String {
    let Interface { name, docs, .. } = interface;
    let mut text = format!("\n<a id=\"{name}\"></a>\n\n### `{name}`\n\n");
    let _ = writeln!(text, "{}{docs}", notice(&interface.unstable));
    // What the notice of the interface says is not said again of each of its items.
    let notice_of = |unstable| interface.unstable.is_none().then(|| notice(unstable));
    for item in &interface.types {
        let notice = notice_of(&item.unstable).unwrap_or_default();
        text.push_str(&type_section(name, item, &notice));
    }
    for function in &interface.functions {
        let notice = notice_of(&function.unstable).unwrap_or_default();
        text.push_str(&function_section(name, function, &notice));
    }
    text
}

fn type_section(interface: &str, item: &TypeItem, notice: &str) -> String {
    let TypeItem { name, docs, shape, .. } = item;
    let kind = shape.kind();
    let mut text = format!("\n<a id=\"{interface}.{name}\"></a>\n\n#### {kind} `{name}`\n\n");
    let _ = write!(text, "{notice}{docs}\n\n");
    text.push_str(&match shape {
        Shape::Alias(of) => format!("```wit\ntype {} = {of};\n```\n{}", escaped(name), named([of])),
        Shape::Record(fields) => table(["Field", "Type", "Meaning"], fields.iter().map(with_type)),
        Shape::Variant(cases) => table(["Case", "Holds", "Meaning"], cases.iter().map(with_type)),
        Shape::Enum(cases) => table(["Case", "Meaning"], cases.iter().map(without_type)),
        Shape::Flags(flags) => table(["Flag", "Meaning"], flags.iter().map(without_type)),
    });
    text
}

fn with_type(member: &Member) -> [String; 3] {
    let [name, docs] = without_type(member);
    [name, member.holds.as_ref().map(linked).unwrap_or_default(), docs]
}

fn without_type(member: &Member) -> [String; 2] {
    [format!("`{}`", member.name), in_cell(&member.docs)]
}

fn function_section(interface: &str, function: &Function, notice: &str) -> String {
    let Function { name, docs, .. } = function;
    let types = function.parameters.iter().map(|(_, of)| of).chain(&function.result);
    format!(
        "\n<a id=\"{interface}.{name}\"></a>\n\n#### function `{name}`\n\n\
         {notice}```wit\n{}\n```\n\n{docs}\n{}",
        signature(function),
        named(types)
    )
}

fn signature(function: &Function) -> String {
    let parameters = function.parameters.iter();
    let parameters: Vec<_> =
        parameters.map(|(name, of)| format!("{}: {of}", escaped(name))).collect();
    let result = function.result.as_ref().map(|of| format!(" -> {of}")).unwrap_or_default();
    let name = escaped(&function.name);
    let line = format!("{name}: func({}){result};", parameters.join(", "));
    if line.len() <= 100 {
        return line;
    }
    let parameters: String = parameters.iter().map(|line| format!("    {line},\n")).collect();
    format!("{name}: func(\n{parameters}){result};")
}

/// A line with links to the types of the contract that are named, each once; nothing if none is.
fn named<'a>(types: impl IntoIterator<Item = &'a Type>) -> String {
    let mut links = Vec::new();
    for of in types {
        collect_links(of, &mut links);
    }
    if links.is_empty() { String::new() } else { format!("\nTypes: {}.\n", links.join(", ")) }
}

fn collect_links(of: &Type, links: &mut Vec<String>) {
    match of {
        Type::Plain(_) => {}
        Type::Named { .. } => {
            let link = linked(of);
            if !links.contains(&link) {
                links.push(link);
            }
        }
        Type::Applied { parts, .. } => parts.iter().for_each(|part| collect_links(part, links)),
    }
}

/// A type with a link at each name.
fn linked(of: &Type) -> String {
    // Two pieces of code beside each other would make one mark of two backticks.
    pieces(of).replace("``", "")
}

fn pieces(of: &Type) -> String {
    match of {
        Type::Plain(word) => format!("`{word}`"),
        Type::Named { interface, name } => format!("[`{of}`](#{interface}.{name})"),
        Type::Applied { parts, .. } if parts.is_empty() => format!("`{of}`"),
        Type::Applied { word, parts } => {
            let parts: Vec<_> = parts.iter().map(pieces).collect();
            format!("`{word}<`{}`>`", parts.join("`, `"))
        }
    }
}

fn interface_link(name: &str) -> String {
    format!("[`{name}`](#{name})")
}

/// What stands before the words of something that may still change.
fn notice(unstable: &Unstable) -> String {
    unstable
        .as_ref()
        .map(|_| format!("*{}.*\n\n", capitalised(&state(unstable))))
        .unwrap_or_default()
}

fn state(unstable: &Unstable) -> String {
    unstable.as_ref().map_or("served".to_owned(), |feature| feature.replace('-', " "))
}

/// Whether an interface is served, and what of it is not.
fn served(interface: &Interface) -> String {
    let types = interface.types.iter().map(|item| (&item.name, &item.unstable));
    let functions = interface.functions.iter().map(|function| (&function.name, &function.unstable));
    let unstable = functions.chain(types).filter(|(_, unstable)| unstable.is_some());
    let except: Vec<_> =
        unstable.map(|(name, _)| format!("[`{name}`](#{}.{name})", interface.name)).collect();
    match &interface.unstable {
        None if !except.is_empty() => format!("served, except {}", except.join(", ")),
        unstable => state(unstable),
    }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn table<const COLUMNS: usize>(
    heads: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> String {
    let mut text = format!("| {} |\n|{}\n", heads.join(" | "), "---|".repeat(COLUMNS));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// Words that fit into a cell of a table: on one line, with no bar of their own.
fn in_cell(docs: &str) -> String {
    docs.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// The first sentence.
fn summary(docs: &str) -> String {
    let first = in_cell(docs.split("\n\n").next().unwrap_or_default());
    let ends = first.match_indices(". ").find(|(at, _)| {
        let next = first.get(at + 2..).and_then(|rest| rest.chars().next());
        next.is_some_and(|next| next.is_uppercase() || next == '`')
    });
    let end = ends.map_or(first.len(), |(at, _)| at + 1);
    first.get(..end).unwrap_or_default().to_owned()
}
