//! What the demo plays on: shops, and the host's files.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use fondaco_model::ShopId;
use fondaco_shopsim::{
    AnyShop, App, Faults, Integration, MagentoShop, MagentoShopConfig, Product, ShopifyShop,
    ShopifyShopConfig, WooShop, WooShopConfig,
};
use jiff::SignedDuration;

use crate::config::{self, Config};

/// The demo's client.
pub const CLIENT: &str = "bottega";

/// The WooCommerce shops; the first is the one whose quantities are taken for true at first.
const SHOPS: [&str; 2] = ["milano", "torino"];

/// The Magento shop.
const MAGENTO_SHOP: &str = "roma";

/// The token of the Magento shop's integration.
pub const MAGENTO_TOKEN: &str = "demo-integration-token";

/// The Shopify shop.
const SHOPIFY_SHOP: &str = "genova";

/// The token of the app in the Shopify shop.
pub const SHOPIFY_TOKEN: &str = "shpat_demo0000000000000000000000000000";
const SHOPIFY_CLIENT_SECRET: &str = "shpss_demo0000000000000000000000000000";

/// The first half of the key to the WooCommerce shops.
pub const KEY: &str = "ck_demo0000000000000000000000000000000000";
const SECRET: &str = "cs_demo0000000000000000000000000000000000";

/// What the webhooks of the WooCommerce shops are signed with.
pub const WEBHOOK_SECRET: &str = "rig-secret";

/// The environment variables the configuration refers to. The shops they open are simulated, and
/// reached from this machine alone.
pub const ENVIRONMENT: [(&str, &str); 6] = [
    ("DEMO_KEY", KEY),
    ("DEMO_SECRET", SECRET),
    ("DEMO_WEBHOOK_SECRET", WEBHOOK_SECRET),
    ("DEMO_MAGENTO_TOKEN", MAGENTO_TOKEN),
    ("DEMO_SHOPIFY_TOKEN", SHOPIFY_TOKEN),
    ("DEMO_SHOPIFY_CLIENT_SECRET", SHOPIFY_CLIENT_SECRET),
];

struct Row {
    sku: &'static str,
    title: &'static str,
    price: &'static str,
    milano: i64,
    torino: i64,
}

const fn row(
    sku: &'static str,
    title: &'static str,
    price: &'static str,
    milano: i64,
    torino: i64,
) -> Row {
    Row { sku, title, price, milano, torino }
}

/// What the demo's shops sell. They do not agree on everything at first.
const RANGE: [Row; 8] = [
    row("MUG-BLU", "Tazza blu", "12.90", 140, 140),
    row("MUG-ROS", "Tazza rossa", "12.90", 120, 120),
    row("PIA-24", "Piatto piano 24 cm", "18.50", 90, 90),
    row("PIA-19", "Piatto frutta 19 cm", "14.00", 90, 84),
    row("BIC-6", "Sei bicchieri", "32.00", 60, 60),
    row("TOV-LIN", "Tovaglia di lino", "79.00", 40, 40),
    row("GREM", "Grembiule", "24.90", 75, 80),
    row("MOKA-3", "Moka da tre tazze", "29.90", 100, 100),
];

/// What to set the stage with.
pub struct StageOptions {
    /// Where the files go; absent: into a folder that is removed at the end.
    pub folder: Option<PathBuf>,
    /// The folder with `stock-sync.wasm`.
    pub plugins: PathBuf,
    /// What each WooCommerce shop sells at first.
    pub ranges: [Vec<Product>; 2],
    /// What a Magento shop sells at first; absent: there is none.
    pub magento_range: Option<Vec<Product>>,
    /// What a Shopify shop sells at first; absent: there is none.
    pub shopify_range: Option<Vec<Product>>,
    /// Units of each SKU that each shop keeps back.
    pub buffer: u32,
    /// What the shops' own chance begins with.
    pub seed: u64,
    /// How far each shop's clock is ahead of the true one.
    pub clocks_ahead: [SignedDuration; 2],
    /// Whether the shops send webhooks by themselves.
    pub webhooks: bool,
    /// What goes wrong between the shops and the host.
    pub faults: Faults,
}

impl StageOptions {
    /// The demo's shops: eight things for a kitchen.
    #[must_use]
    pub fn kitchen(plugins: PathBuf, seed: u64) -> Self {
        let range = |quantity: fn(&Row) -> i64| {
            let product = |row: &Row| Product {
                sku: Some(row.sku.to_owned()),
                title: row.title.to_owned(),
                price: row.price.to_owned(),
                stock: Some(quantity(row)),
                ..Product::default()
            };
            RANGE.iter().map(product).collect()
        };
        let ranges = [range(|row| row.milano), range(|row| row.torino)];
        let faults = Faults::default();
        let clocks_ahead = [SignedDuration::ZERO; 2];
        Self {
            folder: None,
            plugins,
            ranges,
            magento_range: None,
            shopify_range: None,
            buffer: 0,
            seed,
            clocks_ahead,
            webhooks: true,
            faults,
        }
    }
}

impl StageOptions {
    /// With a shop of each platform that is served.
    #[must_use]
    pub fn on_every_platform(self) -> Self {
        let magento_range = Some(self.ranges[1].clone());
        let shopify_range = Some(self.ranges[0].clone());
        Self { magento_range, shopify_range, ..self }
    }
}

enum Folder {
    Kept(PathBuf),
    Temporary(tempfile::TempDir),
}

/// Shops and a host's files.
pub struct Stage {
    folder: Folder,
    shops: Vec<WooShop>,
    magento: Option<MagentoShop>,
    shopify: Option<ShopifyShop>,
    address: SocketAddr,
    opening: BTreeMap<String, i64>,
    buffer: u32,
}

impl Stage {
    /// Starts the shops and writes the host's files.
    ///
    /// # Errors
    /// If a folder, a port or the module cannot be had.
    pub async fn set(options: StageOptions) -> anyhow::Result<Self> {
        let folder = match options.folder.clone() {
            Some(folder) => {
                std::fs::create_dir_all(&folder)
                    .with_context(|| format!("{} cannot be made", folder.display()))?;
                anyhow::ensure!(
                    std::fs::read_dir(&folder)?.next().is_none(),
                    "{} is not empty; name a new folder",
                    folder.display()
                );
                Folder::Kept(folder)
            }
            None => Folder::Temporary(tempfile::tempdir().context("no temporary folder")?),
        };
        let plugins = std::path::absolute(&options.plugins)?;
        anyhow::ensure!(
            plugins.join("stock-sync.wasm").is_file(),
            "{} has no stock-sync.wasm; build it with `cargo xtask plugins`",
            plugins.display()
        );
        let mut shops = Vec::new();
        let each = SHOPS.into_iter().zip(options.ranges.clone()).zip(options.clocks_ahead);
        for (((name, products), clock_ahead), number) in each.zip(0..) {
            let config = WooShopConfig {
                name: name.to_owned(),
                consumer_key: KEY.to_owned(),
                consumer_secret: SECRET.to_owned(),
                currency: "EUR".to_owned(),
                products,
                seed: options.seed + number,
                clock_ahead,
                port: None,
                webhooks: options.webhooks,
                faults: options.faults,
            };
            let shop = WooShop::start(config).await;
            shops.push(shop.with_context(|| format!("the shop {name} cannot be started"))?);
        }
        let magento = start_magento(&options).await?;
        let shopify = start_shopify(&options).await?;
        let free = std::net::TcpListener::bind("127.0.0.1:0").context("no free port")?;
        let address = free.local_addr()?;
        let opening = shops.first().map(WooShop::quantities).unwrap_or_default();
        let buffer = options.buffer;
        let stage = Self { folder, shops, magento, shopify, address, opening, buffer };
        stage.write_files(&plugins)?;
        Ok(stage)
    }

    fn write_files(&self, plugins: &Path) -> anyhow::Result<()> {
        let folder = self.folder();
        let address = self.address;
        std::fs::create_dir_all(folder.join("clients"))?;
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text)
                .with_context(|| format!("{} cannot be written", path.display()))
        };
        write(
            "fondaco.toml",
            format!(
                "[server]\nlisten = \"{address}\"\npublic-url = \"http://{address}\"\n\n\
                 [store]\nfolder = \"data\"\n\n[plugins]\nfolder = {plugins:?}\n"
            ),
        )?;
        let mut client = "name = \"Bottega Rossi\"\nlanguage = \"it\"\n".to_owned();
        for shop in &self.shops {
            let (id, url) = (shop.name(), shop.url());
            client.push_str(&format!(
                "\n[shops.{id}]\nname = \"{}\"\nplatform = \"woocommerce\"\nurl = \"{url}\"\n\
                 environment = \"production\"\nkey = {{ env = \"DEMO_KEY\" }}\n\
                 secret = {{ env = \"DEMO_SECRET\" }}\n\
                 webhook-secret = {{ env = \"DEMO_WEBHOOK_SECRET\" }}\npoll-every = \"2s\"\n\
                 longest-request = \"2s\"\n",
                capital(id)
            ));
        }
        if let Some(shop) = &self.magento {
            let (id, url) = (shop.name(), shop.url());
            client.push_str(&format!(
                "\n[shops.{id}]\nname = \"{}\"\nplatform = \"magento\"\nurl = \"{url}\"\n\
                 environment = \"production\"\ntoken = {{ env = \"DEMO_MAGENTO_TOKEN\" }}\n\
                 poll-every = \"2s\"\nlongest-request = \"2s\"\n",
                capital(id)
            ));
        }
        if let Some(shop) = &self.shopify {
            let (id, url) = (shop.name(), shop.url());
            client.push_str(&format!(
                "\n[shops.{id}]\nname = \"{}\"\nplatform = \"shopify\"\nurl = \"{url}\"\n\
                 environment = \"production\"\ntoken = {{ env = \"DEMO_SHOPIFY_TOKEN\" }}\n\
                 client-secret = {{ env = \"DEMO_SHOPIFY_CLIENT_SECRET\" }}\n\
                 poll-every = \"2s\"\nlongest-request = \"2s\"\n",
                capital(id)
            ));
        }
        client.push_str(
            "\n[installs.stock-sync]\nplugin = \"stock-sync\"\nmode = \"live\"\n\
             grants = [\"catalogue\", \"stock\", \"orders\", \"change-stock\", \"alert\"]\n\n\
             [installs.stock-sync.settings]\nsource = \"milano\"\nlow-stock = 5\n\n\
             [installs.stock-sync.schedules]\nreconcile = \"2s\"\n\n\
             [installs.stock-sync.settings.buffers]\n",
        );
        for shop in self.all() {
            client.push_str(&format!("{} = {}\n", shop.name(), self.buffer));
        }
        write(&format!("clients/{CLIENT}.toml"), client)
    }

    /// The host's configuration, read from its files as `fondaco serve` does.
    ///
    /// # Errors
    /// If there are mistakes in them.
    pub fn config(&self) -> anyhow::Result<Config> {
        let secret = |name: &str| {
            let known = ENVIRONMENT.into_iter().find(|(known, _)| *known == name);
            known.map(|(_, value)| value.to_owned())
        };
        let report = config::report(&self.config_file(), &secret);
        let words = report.to_string();
        report.config.context(words)
    }

    /// The host's own configuration file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.folder().join("fondaco.toml")
    }

    /// Where the host listens for the shops.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match &self.folder {
            Folder::Kept(folder) => folder,
            Folder::Temporary(folder) => folder.path(),
        }
    }

    /// The WooCommerce shops.
    #[must_use]
    pub fn shops(&self) -> &[WooShop] {
        &self.shops
    }

    /// The Magento shop, if there is one.
    #[must_use]
    pub const fn magento(&self) -> Option<&MagentoShop> {
        self.magento.as_ref()
    }

    /// The Shopify shop, if there is one.
    #[must_use]
    pub const fn shopify(&self) -> Option<&ShopifyShop> {
        self.shopify.as_ref()
    }

    /// All shops, whatever their platform.
    #[must_use]
    pub fn all(&self) -> Vec<AnyShop> {
        let woo = self.shops.iter().cloned().map(AnyShop::from);
        let others = self.magento.clone().map(AnyShop::from).into_iter();
        woo.chain(others).chain(self.shopify.clone().map(AnyShop::from)).collect()
    }

    /// What there was of each SKU at first, on the shop that is the source of truth.
    #[must_use]
    pub const fn opening(&self) -> &BTreeMap<String, i64> {
        &self.opening
    }

    /// Units of each SKU that each shop keeps back.
    #[must_use]
    pub const fn buffer(&self) -> u32 {
        self.buffer
    }

    /// Ends the shops.
    pub async fn strike(self) {
        for shop in self.all() {
            shop.stop().await;
        }
    }
}

async fn start_magento(options: &StageOptions) -> anyhow::Result<Option<MagentoShop>> {
    let Some(products) = options.magento_range.clone() else { return Ok(None) };
    let integration = Integration { token: MAGENTO_TOKEN.to_owned(), ..Integration::default() };
    let shop = MagentoShop::start(MagentoShopConfig {
        name: MAGENTO_SHOP.to_owned(),
        integration,
        products,
        seed: options.seed + 2,
        faults: options.faults,
        ..MagentoShopConfig::default()
    });
    let shop = shop.await;
    Ok(Some(shop.with_context(|| format!("the shop {MAGENTO_SHOP} cannot be started"))?))
}

async fn start_shopify(options: &StageOptions) -> anyhow::Result<Option<ShopifyShop>> {
    let Some(products) = options.shopify_range.clone() else { return Ok(None) };
    let app = App {
        client_secret: SHOPIFY_CLIENT_SECRET.to_owned(),
        token: SHOPIFY_TOKEN.to_owned(),
        ..App::default()
    };
    let shop = ShopifyShop::start(ShopifyShopConfig {
        name: SHOPIFY_SHOP.to_owned(),
        app,
        products,
        seed: options.seed + 3,
        webhooks: options.webhooks,
        faults: options.faults,
        ..ShopifyShopConfig::default()
    });
    let shop = shop.await;
    Ok(Some(shop.with_context(|| format!("the shop {SHOPIFY_SHOP} cannot be started"))?))
}

/// What a shop is called: its name with a capital letter.
pub fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What a shop of the demo is called.
pub fn shop_title(shop: &ShopId) -> String {
    capital(shop.as_str())
}
