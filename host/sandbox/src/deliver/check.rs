//! Whether the functions of a component's hooks are the contract's.

use wasmtime::{
    Engine,
    component::{
        ComponentNamedList, ComponentType, InstancePre, Lift, Lower, types::ComponentItem,
    },
};

use crate::{
    Hook,
    contract::{InterfaceName, VERSION, full_name},
    run::Run,
};

/// Checks the type of a hook's function. Looking it up only compares names, and a module that
/// passed on that would fail at its first event instead of when it is installed.
///
/// # Errors
/// If there is no such function, or it is of another type.
pub fn check_type<Parameters, Returned>(
    hook: Hook,
    component: &InstancePre<Run>,
) -> wasmtime::Result<()>
where
    Parameters: ComponentNamedList + Lower,
    (Returned,): ComponentNamedList + Lift,
    Returned: ComponentType,
{
    let engine: &Engine = component.engine();
    let outside = component.component().component_type();
    let interface = outside.exports(engine).find_map(|(name, item)| {
        let name = InterfaceName::parse(name)?;
        let own = name.interface == hook.as_str() && name.served()?.version == VERSION;
        own.then_some(item.ty)
    });
    let function = match interface {
        Some(ComponentItem::ComponentInstance(interface)) => {
            interface.get_export(engine, hook.function()).map(|item| item.ty)
        }
        _ => None,
    };
    let Some(ComponentItem::ComponentFunc(function)) = function else {
        return Err(wasmtime::Error::msg(format!(
            "`{}` has no `{}`",
            full_name(hook.as_str()),
            hook.function()
        )));
    };
    function.typecheck::<Parameters, (Returned,)>(&component.instance_type()).map_err(|error| {
        error.context(format!("`{}` is not the contract's", full_name(hook.as_str())))
    })
}
