//! From WIT to a [`Contract`].

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use wit_parser::{
    Docs, FunctionKind, InterfaceId, PackageId, Resolve, SourceMap, Span, Stability, TypeDef,
    TypeDefKind, TypeId, TypeOwner, WorldId, WorldItem,
};

use super::model::{
    Contract, Function, Interface, Member, Port, Shape, Type, TypeItem, Unstable, Version, World,
};

/// One file.
#[derive(Debug)]
pub(crate) struct Source {
    /// What errors call it.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The `.wit` files of a folder in the workspace, in the order of their names. Its subfolders are
/// not read.
pub(crate) fn read_folder(root: &Path, folder: &str) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let entries =
        fs::read_dir(root.join(folder)).with_context(|| format!("cannot read {folder}"))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "wit") {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let name = format!("{folder}/{file}");
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
            sources.push(Source { name, text });
        }
    }
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(sources)
}

/// Reads the files of one package, with everything marked `@unstable` in them.
pub(crate) fn parse(sources: &[Source]) -> Result<Contract> {
    let (resolve, package) = resolve(sources, true)?;
    Reader { resolve: &resolve, mistakes: Vec::new() }.contract(package)
}

/// Checks that what is stable holds together without what is `@unstable`. Most languages' tools
/// read a contract that way, and something stable that changes together with something unstable is
/// not stable.
pub(crate) fn check_stable(sources: &[Source]) -> Result<()> {
    resolve(sources, false).map(|_| ()).context(
        "what is stable uses something `@unstable`; mark the user, and each `use` of it, as well",
    )
}

fn resolve(sources: &[Source], all_features: bool) -> Result<(Resolve, PackageId)> {
    let mut map = SourceMap::default();
    for source in sources {
        map.push_str(&source.name, source.text.as_str());
    }
    let group = map.parse().map_err(|(map, error)| anyhow!(error.render(&map)))?;
    let mut resolve = Resolve { all_features, ..Resolve::default() };
    match resolve.push_group(group) {
        Ok(package) => Ok((resolve, package)),
        Err(error) => bail!(error.render(&resolve.source_map)),
    }
}

struct Reader<'a> {
    resolve: &'a Resolve,
    mistakes: Vec<String>,
}

impl Reader<'_> {
    fn contract(mut self, package: PackageId) -> Result<Contract> {
        let package = &self.resolve.packages[package];
        let name = format!("{}:{}", package.name.namespace, package.name.name);
        let version = package.name.version.as_ref();
        let version = version.with_context(|| format!("package {name} has no version"))?;
        let version = Version { major: version.major, minor: version.minor, patch: version.patch };
        let docs = package.docs.contents.as_deref().unwrap_or_default().trim().to_owned();
        if docs.is_empty() {
            self.mistakes.push(format!("package `{name}` has no doc comment"));
        }
        let mut interfaces = Vec::new();
        for (name, id) in &package.interfaces {
            interfaces.push((start(self.resolve.interfaces[*id].span), self.interface(name, *id)?));
        }
        let mut worlds = Vec::new();
        for id in package.worlds.values() {
            worlds.push((start(self.resolve.worlds[*id].span), self.world(*id)?));
        }
        let mut contract = Contract {
            name,
            version,
            docs,
            interfaces: in_order(interfaces),
            worlds: in_order(worlds),
            mistakes: self.mistakes,
        };
        let unused = unused_interfaces(&contract);
        contract.mistakes.extend(unused);
        Ok(contract)
    }

    fn interface(&mut self, name: &str, id: InterfaceId) -> Result<Interface> {
        let resolve = self.resolve;
        let interface = &resolve.interfaces[id];
        let docs = self.docs(&interface.docs, interface.span, &format!("interface `{name}`"));
        let mut types = Vec::new();
        for (type_name, &id) in &interface.types {
            if self.definition(id) == id {
                let item = self.type_item(name, type_name, &resolve.types[id])?;
                types.push((start(resolve.types[id].span), item));
            }
        }
        let mut functions = Vec::new();
        for function in interface.functions.values() {
            functions.push((start(function.span), self.function(name, function)?));
        }
        Ok(Interface {
            name: name.to_owned(),
            docs,
            unstable: unstable(&interface.stability),
            types: in_order(types),
            functions: in_order(functions),
        })
    }

    fn type_item(&mut self, interface: &str, name: &str, item: &TypeDef) -> Result<TypeItem> {
        let shape = match &item.kind {
            TypeDefKind::Record(record) => {
                let fields = record.fields.iter();
                let fields =
                    fields.map(|field| (&field.name, Some(&field.ty), &field.docs, field.span));
                Shape::Record(self.members(name, fields)?)
            }
            TypeDefKind::Variant(variant) => {
                let cases = variant.cases.iter();
                let cases = cases.map(|case| (&case.name, case.ty.as_ref(), &case.docs, case.span));
                Shape::Variant(self.members(name, cases)?)
            }
            TypeDefKind::Enum(cases) => {
                let cases = cases.cases.iter();
                let cases = cases.map(|case| (&case.name, None, &case.docs, case.span));
                Shape::Enum(self.members(name, cases)?)
            }
            TypeDefKind::Flags(flags) => {
                let flags = flags.flags.iter();
                let flags = flags.map(|flag| (&flag.name, None, &flag.docs, flag.span));
                Shape::Flags(self.members(name, flags)?)
            }
            TypeDefKind::Resource => bail!(
                "{}: `{name}` of `{interface}` is a resource; the contract has none, because what \
                 a call holds open cannot be done again",
                self.resolve.render_location(item.span)
            ),
            kind => Shape::Alias(self.written(kind)?),
        };
        let what = format!("{} `{name}` of `{interface}`", shape.kind());
        let docs = self.docs(&item.docs, item.span, &what);
        Ok(TypeItem { name: name.to_owned(), docs, unstable: unstable(&item.stability), shape })
    }

    fn members<'a>(
        &mut self,
        owner: &str,
        members: impl Iterator<Item = (&'a String, Option<&'a wit_parser::Type>, &'a Docs, Span)>,
    ) -> Result<Vec<Member>> {
        let mut read = Vec::new();
        for (name, holds, docs, span) in members {
            let docs = self.docs(docs, span, &format!("`{name}` of `{owner}`"));
            let holds = holds.map(|holds| self.type_of(holds)).transpose()?;
            read.push(Member { name: name.clone(), holds, docs });
        }
        Ok(read)
    }

    fn function(&mut self, interface: &str, function: &wit_parser::Function) -> Result<Function> {
        let what = format!("function `{}` of `{interface}`", function.name);
        ensure!(
            function.kind == FunctionKind::Freestanding,
            "{}: {what} is not a plain function; the contract has no others",
            self.resolve.render_location(function.span)
        );
        let docs = self.docs(&function.docs, function.span, &what);
        let mut parameters = Vec::new();
        for parameter in &function.params {
            parameters.push((parameter.name.clone(), self.type_of(&parameter.ty)?));
        }
        Ok(Function {
            name: function.name.clone(),
            docs,
            unstable: unstable(&function.stability),
            parameters,
            result: self.option_of(function.result.as_ref())?,
        })
    }

    fn world(&mut self, id: WorldId) -> Result<World> {
        let world = &self.resolve.worlds[id];
        let docs = self.docs(&world.docs, world.span, &format!("world `{}`", world.name));
        Ok(World {
            name: world.name.clone(),
            docs,
            unstable: unstable(&world.stability),
            imports: self.ports(&world.name, world.imports.values())?,
            exports: self.ports(&world.name, world.exports.values())?,
        })
    }

    fn ports<'a>(
        &self,
        world: &str,
        items: impl Iterator<Item = &'a WorldItem>,
    ) -> Result<Vec<Port>> {
        let mut ports = Vec::new();
        for item in items {
            let WorldItem::Interface { id, stability, .. } = item else {
                bail!(
                    "world `{world}` has a function or a type of its own; put it into an interface"
                );
            };
            let interface = &self.resolve.interfaces[*id];
            let Some(name) = interface.name.clone() else {
                bail!("world `{world}` has an interface without a name; give it one outside");
            };
            let unstable = unstable(stability).or_else(|| unstable(&interface.stability));
            ports.push((start(interface.span), Port { interface: name, unstable }));
        }
        Ok(in_order(ports))
    }

    /// The type behind what `use` took over, however often.
    fn definition(&self, mut id: TypeId) -> TypeId {
        loop {
            let item = &self.resolve.types[id];
            match item.kind {
                TypeDefKind::Type(wit_parser::Type::Id(target))
                    if self.resolve.types[target].owner != item.owner =>
                {
                    id = target;
                }
                _ => return id,
            }
        }
    }

    fn option_of(&self, of: Option<&wit_parser::Type>) -> Result<Option<Type>> {
        of.map(|of| self.type_of(of)).transpose()
    }

    fn type_of(&self, of: &wit_parser::Type) -> Result<Type> {
        let wit_parser::Type::Id(id) = of else {
            return Ok(Type::Plain(primitive(*of).to_owned()));
        };
        let item = &self.resolve.types[self.definition(*id)];
        let Some(name) = item.name.clone() else {
            return self.written(&item.kind);
        };
        let owner = match item.owner {
            TypeOwner::Interface(owner) => self.resolve.interfaces[owner].name.clone(),
            TypeOwner::World(_) | TypeOwner::None => None,
        };
        let interface = owner.with_context(|| format!("type `{name}` is in no named interface"))?;
        Ok(Type::Named { interface, name })
    }

    /// What stands on the right of `type … =`, or in a place of its own.
    fn written(&self, kind: &TypeDefKind) -> Result<Type> {
        let (word, parts) = match kind {
            TypeDefKind::Type(of) => return self.type_of(of),
            TypeDefKind::Option(of) => ("option", vec![self.type_of(of)?]),
            TypeDefKind::List(of) => ("list", vec![self.type_of(of)?]),
            TypeDefKind::FixedLengthList(of, length) => {
                ("list", vec![self.type_of(of)?, Type::Plain(length.to_string())])
            }
            TypeDefKind::Map(key, value) => ("map", vec![self.type_of(key)?, self.type_of(value)?]),
            TypeDefKind::Tuple(tuple) => {
                let parts: Result<_> = tuple.types.iter().map(|of| self.type_of(of)).collect();
                ("tuple", parts?)
            }
            TypeDefKind::Result(result) => {
                let ok = self.option_of(result.ok.as_ref())?;
                let error = self.option_of(result.err.as_ref())?;
                ("result", result_parts(ok, error))
            }
            other => bail!("the contract has no `{}`", other.as_str()),
        };
        Ok(Type::Applied { word, parts })
    }

    fn docs(&mut self, docs: &Docs, span: Span, what: &str) -> String {
        let words = docs.contents.as_deref().unwrap_or_default().trim();
        if words.is_empty() {
            let place = self.resolve.render_location(span);
            self.mistakes.push(format!("{place}: {what} has no doc comment"));
        }
        words.to_owned()
    }
}

/// The interfaces that no world imports or exports.
fn unused_interfaces(contract: &Contract) -> Vec<String> {
    let ports: Vec<_> = contract
        .worlds
        .iter()
        .flat_map(|world| world.imports.iter().chain(&world.exports))
        .map(|port| port.interface.as_str())
        .collect();
    let unused = contract.interfaces.iter().filter(|interface| !ports.contains(&&*interface.name));
    unused
        .map(|interface| {
            format!("interface `{}` is in no world: nobody can use it", interface.name)
        })
        .collect()
}

/// `result<ok, error>` without what it does not need.
fn result_parts(ok: Option<Type>, error: Option<Type>) -> Vec<Type> {
    match (ok, error) {
        (None, None) => Vec::new(),
        (Some(ok), None) => vec![ok],
        (ok, Some(error)) => vec![ok.unwrap_or_else(|| Type::Plain("_".to_owned())), error],
    }
}

fn unstable(stability: &Stability) -> Unstable {
    match stability {
        Stability::Unstable { feature, .. } => Some(feature.clone()),
        Stability::Stable { .. } | Stability::Unknown => None,
    }
}

fn start(span: Span) -> Option<u32> {
    span.is_known().then(|| span.start())
}

/// The items in the order they are written in.
fn in_order<Item>(mut items: Vec<(Option<u32>, Item)>) -> Vec<Item> {
    items.sort_by_key(|(start, _)| *start);
    items.into_iter().map(|(_, item)| item).collect()
}

fn primitive(of: wit_parser::Type) -> &'static str {
    match of {
        wit_parser::Type::Bool => "bool",
        wit_parser::Type::U8 => "u8",
        wit_parser::Type::U16 => "u16",
        wit_parser::Type::U32 => "u32",
        wit_parser::Type::U64 => "u64",
        wit_parser::Type::S8 => "s8",
        wit_parser::Type::S16 => "s16",
        wit_parser::Type::S32 => "s32",
        wit_parser::Type::S64 => "s64",
        wit_parser::Type::F32 => "f32",
        wit_parser::Type::F64 => "f64",
        wit_parser::Type::Char => "char",
        wit_parser::Type::String => "string",
        wit_parser::Type::ErrorContext => "error-context",
        wit_parser::Type::Id(_) => "type",
    }
}
