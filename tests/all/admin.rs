//! The admin door: who may see what.

use std::os::unix::fs::PermissionsExt as _;

use fondaco::demo::stage::Stage;
use fondaco_web::views::{ActionView, RunView, StatusView};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::scene::{self, until};

const TOKENS: [(&str, &str); 2] = [
    ("anna", "token-of-anna-who-works-for-bottega"),
    ("bruno", "token-of-bruno-who-works-for-bianchi"),
];

/// The stage with a second client and two operators, each of one client.
async fn stage() -> Stage {
    let stage = scene::kitchen().await;
    let folder = stage.folder();
    std::fs::write(folder.join("clients/bianchi.toml"), "name = \"Bianchi\"\nlanguage = \"it\"\n")
        .unwrap();
    let mut config = std::fs::read_to_string(stage.config_file()).unwrap();
    for ((name, token), client) in TOKENS.iter().zip(["bottega", "bianchi"]) {
        let file = folder.join(name);
        std::fs::write(&file, token).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        config.push_str(&format!(
            "\n[[principals]]\nname = \"{name}\"\nrole = \"agency-operator\"\n\
             clients = [\"{client}\"]\ntoken = {{ file = \"{name}\" }}\n"
        ));
    }
    std::fs::write(stage.config_file(), config).unwrap();
    stage
}

fn request(stage: &Stage, method: Method, token: Option<&str>, path: &str) -> RequestBuilder {
    let socket = stage.folder().join("data/admin.sock");
    let http = Client::builder().unix_socket(socket).build().unwrap();
    let request = http.request(method, format!("http://fondaco{path}"));
    match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
}

/// What the door answers; nothing if nobody is there.
pub async fn try_get(
    stage: &Stage,
    token: Option<&str>,
    path: &str,
) -> Option<(StatusCode, String)> {
    let answer = request(stage, Method::GET, token, path).send().await.ok()?;
    Some((answer.status(), answer.text().await.ok()?))
}

async fn get(stage: &Stage, token: Option<&str>, path: &str) -> (StatusCode, String) {
    try_get(stage, token, path).await.unwrap()
}

#[tokio::test]
async fn an_operator_sees_their_own_clients_alone() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    let clients = async |token: Option<&str>| {
        let (status, body) = get(&stage, token, "/api/v1/status").await;
        assert_eq!(status, 200);
        let status: StatusView = serde_json::from_str(&body).unwrap();
        status.clients.into_iter().map(|client| client.id).collect::<Vec<_>>()
    };
    let [(_, anna), (_, bruno)] = TOKENS;
    assert_eq!(clients(None).await, ["bianchi", "bottega"]);
    assert_eq!(clients(Some(anna)).await, ["bottega"]);
    assert_eq!(clients(Some(bruno)).await, ["bianchi"]);

    for what in ["runs", "actions", "dead-deliveries", "actions/0123"] {
        let path = format!("/api/v1/clients/bottega/{what}");
        let (granted, _) = get(&stage, Some(anna), &path).await;
        let expected = if what == "actions/0123" { 404 } else { 200 };
        assert_eq!(granted, expected, "{path}");
        let (denied, words) = get(&stage, Some(bruno), &path).await;
        assert_eq!(denied, 404, "{path}");
        let missing = get(&stage, Some(bruno), &path.replace("bottega", "nobody")).await.1;
        assert_eq!(words.replace("bottega", "nobody"), missing, "that it exists is not told");
    }
    assert_eq!(get(&stage, Some("a wrong token"), "/api/v1/status").await.0, 401);
    host.stop().await;
    stage.strike().await;
}

/// Something that fits a schema, so that a request gets as far as the question who asks.
fn fitting(api: &Value, schema: &Value) -> Value {
    if let Some(place) = schema["$ref"].as_str() {
        return fitting(api, api.pointer(place.trim_start_matches('#')).unwrap());
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(first) = schema["oneOf"].get(0) {
        return fitting(api, first);
    }
    let kind = &schema["type"];
    match kind.as_str().or_else(|| kind[0].as_str()) {
        Some("object") => {
            let fields = schema["properties"].as_object().unwrap();
            let fields = fields.iter().map(|(name, schema)| (name.clone(), fitting(api, schema)));
            Value::Object(fields.collect())
        }
        Some("array") => json!([fitting(api, &schema["items"])]),
        Some("integer") => json!(1),
        Some("boolean") => json!(true),
        _ => json!("milano"),
    }
}

/// A path of the API for a client, with something in the place of each of its other parameters.
fn filled_in(path: &str, client: &str) -> String {
    let path = path.replace("{client}", client).replace("{shop}", "milano");
    let path = path.replace("{number}", "1");
    path.replace("{trace}", &"0".repeat(32)).replace(['{', '}'], "")
}

/// Every route there is, so that a new one needs no line here.
#[tokio::test]
async fn an_accountant_changes_nothing_by_any_route() {
    let stage = scene::kitchen().await;
    let accountant = "token-of-the-accountant-of-bottega";
    scene::add_principals(&stage, &[("carlo", "accountant", "bottega", accountant)]);
    let host = scene::host(&stage).await;
    let (_, api) = get(&stage, None, "/api/v1/openapi.json").await;
    let api: Value = serde_json::from_str(&api).unwrap();
    let mut denied = 0;
    for (path, methods) in api["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("post") else { continue };
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let path = filled_in(path, "bottega");
        let mut request = request(&stage, Method::POST, Some(accountant), &path);
        if !schema.is_null() {
            request = request.json(&fitting(&api, schema));
        }
        let answer = request.send().await.unwrap();
        let (status, words) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 403, "{path}: {words}");
        denied += 1;
    }
    assert!(denied >= 8, "{denied}");
    host.stop().await;
    stage.strike().await;
}

/// Every route there is, so that a new one needs no line here.
#[tokio::test]
async fn no_route_tells_one_client_of_another() {
    let stage = stage().await;
    let host = scene::host(&stage).await;
    let [_, (_, bruno)] = TOKENS;
    let (_, api) = get(&stage, None, "/api/v1/openapi.json").await;
    let api: Value = serde_json::from_str(&api).unwrap();
    let mut asked = 0;
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if !path.contains("{client}") {
                continue;
            }
            let method: Method = method.to_uppercase().parse().unwrap();
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = (!schema.is_null()).then(|| fitting(&api, schema));
            let ask = async |client: &str| {
                let path = filled_in(path, client);
                let mut request = request(&stage, method.clone(), Some(bruno), &path);
                if let Some(body) = &body {
                    request = request.json(body);
                }
                let answer = request.send().await.unwrap();
                (answer.status(), answer.text().await.unwrap())
            };
            let (status, words) = ask("bottega").await;
            assert_eq!(status, 404, "{method} {path}: {words}");
            let (_, missing) = ask("nobody").await;
            assert_eq!(words.replace("bottega", "nobody"), missing, "{method} {path}");
            asked += 1;
        }
    }
    assert!(asked >= 5, "{asked}");
    let (_, status) = get(&stage, Some(bruno), "/api/v1/status").await;
    assert!(!status.contains("bottega") && !status.contains("milano"), "{status}");
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn the_socket_is_its_owners_alone() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    let mode = |path: &str| {
        std::fs::metadata(stage.folder().join(path)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode("data/admin.sock"), 0o600);
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/fondaco.db"), 0o600);
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn runs_and_actions_tell_what_happened() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    let [milano, torino] = stage.shops() else { panic!("two shops") };
    torino.buy(&[("MUG-BLU", 2)]).unwrap();
    until("Milano has two less", async || milano.quantity("MUG-BLU") == Some(138)).await;
    scene::until_quiet(&host).await;

    let (_, body) = get(&stage, None, "/api/v1/clients/bottega/actions?limit=100").await;
    let actions: Vec<ActionView> = serde_json::from_str(&body).unwrap();
    let action = actions.iter().find(|action| action.what.ends_with("on milano: 140 → 138"));
    let action = action.unwrap_or_else(|| panic!("{actions:?}"));
    assert_eq!((action.state.as_str(), action.end.as_deref()), ("ended", Some("done")));
    assert!(action.why_en.contains("Torino") && action.why_it.contains("Torino"));

    let (_, body) = get(&stage, None, "/api/v1/clients/bottega/runs?limit=1000").await;
    let runs: Vec<RunView> = serde_json::from_str(&body).unwrap();
    let run = runs.iter().find(|run| run.actions.contains(&action.id)).unwrap();
    assert_eq!((run.event, run.result.as_str()), (action.event, "done"));
    assert!(run.used_of("fuel") > 0 && run.used_of("wall-us") > 0);
    let fuel = run.used.iter().find(|view| view.resource == "fuel").unwrap();
    assert!(fuel.used < fuel.limit);

    let (status, words) = get(&stage, None, "/api/v1/clients/bottega/runs?limits=3").await;
    assert_eq!(status, 400, "{words}");
    host.stop().await;
    stage.strike().await;
}

#[tokio::test]
async fn the_api_describes_itself() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    let (status, body) = get(&stage, None, "/api/v1/openapi.json").await;
    assert_eq!(status, 200);
    let api: Value = serde_json::from_str(&body).unwrap();
    let paths = api["paths"].as_object().unwrap();
    let of_one = ["{action}", "{trace}", "{number}"];
    for (path, of_path) in paths {
        // What changes something is tried elsewhere.
        if of_path.get("get").is_none() || of_one.iter().any(|part| path.contains(part)) {
            continue;
        }
        let asked = path.replace("{client}", "bottega").replace("{shop}", "milano");
        assert_eq!(get(&stage, None, &asked).await.0, 200, "{path} is described but not served");
    }
    assert!(paths.len() >= 5);
    assert_eq!(get(&stage, None, "/api/v1/nothing").await.0, 404);
    host.stop().await;
    stage.strike().await;
}
