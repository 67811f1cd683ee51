//! Incremental models: whatever comes, late, twice, corrected or gone, they are what a full build makes.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;

use super::{open_target, project, selection, variables, write};
use crate::models::{BuildOptions, Extent, Outcome, Project, Status};
use crate::tests::cells;

/// The shipped incremental models, by what they are made of.
const OF_EVENTS: [&str; 7] = [
    "fct_events",
    "fct_sessions",
    "int_event_orders",
    "int_product_days",
    "int_session_days",
    "int_user_days",
    "int_users",
];
const OF_ORDERS: [&str; 4] = [
    "int_basket_items",
    "int_customer_orders",
    "int_orders",
    "int_sold_lines",
];

const CONFIG: &str = "[sources.events]\nlocation = 'events/'\nformat = 'csv'\n\
                      [sources.orders]\nlocation = 'orders/'\nformat = 'csv'\nsoft_delete_column = 'gone'\n\
                      [sources.order_items]\nlocation = 'items/'\nformat = 'csv'\n\
                      [sources.payments]\nlocation = 'payments/'\nformat = 'csv'\n\
                      [targets.full]\nwarehouse = 'full/'\n";

/// A shop that lives on, file by file.
struct Shop {
    random: StdRng,
    folder: TempDir,
    files: usize,
    day: i64,
    events: Vec<String>,
}

impl Shop {
    fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            folder: project(CONFIG, &[]),
            files: 0,
            day: 0,
            events: Vec::new(),
        }
    }

    fn time(&mut self, day: i64) -> String {
        // Most of it happens around midnight, so that sessions last over it.
        let minutes = match self.random.random_bool(0.7) {
            true => self.random.random_range(-60..60),
            false => self.random.random_range(0..1440),
        };
        let start = chrono::NaiveDate::from_ymd_opt(2024, 1, 10).unwrap();
        let day = start.and_hms_opt(0, 0, 0).unwrap() + chrono::Duration::days(day);
        (day + chrono::Duration::minutes(minutes))
            .format("%Y-%m-%d %H:%M:%S")
            .to_string()
    }

    fn day(&mut self) -> i64 {
        match self.random.random_bool(0.2) {
            // Late by some days.
            true => self.day - self.random.random_range(1..6),
            false => self.day,
        }
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.random.random_range(0..of.len())]
    }

    /// A file of events: new ones, late ones, and some that came before, as they were or corrected.
    fn events(&mut self, count: usize) -> String {
        let mut text = "event_time,event_type,product_id,category_id,category_code,brand,price,\
                        user_id,user_session\n"
            .to_owned();
        for _ in 0..count {
            let old = self.random.random_range(0..self.events.len().max(1));
            let line = match self.events.get(old) {
                Some(line) if self.random.random_bool(0.15) => {
                    let mut fields: Vec<_> = line.split(',').map(str::to_owned).collect();
                    if self.random.random_bool(0.5) {
                        fields[6] = format!("{}.50", self.random.random_range(1..20));
                    }
                    fields.join(",")
                }
                _ => self.event(),
            };
            self.events.push(line.clone());
            writeln!(text, "{line}").unwrap();
        }
        text
    }

    fn event(&mut self) -> String {
        let day = self.day();
        let time = self.time(day);
        let kind = self.pick(&["view", "view", "cart", "purchase", "checkout", "page"]);
        let product = match kind {
            "page" | "checkout" => String::new(),
            _ => self.random.random_range(1..8).to_string(),
        };
        let brand = self.pick(&["acme", "Acme", ""]);
        let price = self.random.random_range(1..20);
        let user = self.random.random_range(1..40);
        let session = self.random.random_range(0..3);
        format!("{time},{kind},{product},7,home.garden,{brand},{price}.25,{user},s{session}")
    }

    fn orders(&mut self, count: usize) -> String {
        let mut text = "order_id,customer_id,ordered_at,status,amount,gone\n".to_owned();
        for _ in 0..count {
            let day = self.day();
            let time = self.time(day);
            let (order, customer) = (
                self.random.random_range(1..150),
                self.random.random_range(1..40),
            );
            let status = self.pick(&["completed", "pending", "cancelled", ""]);
            let amount = self.pick(&["10.00", "2.50", ""]);
            let gone = self.pick(&["false", "false", "false", "true"]);
            writeln!(text, "{order},{customer},{time},{status},{amount},{gone}").unwrap();
        }
        text
    }

    fn items(&mut self, count: usize) -> String {
        let mut text = "order_id,product_id,quantity,unit_price,discount\n".to_owned();
        for _ in 0..count {
            let (order, product) = (
                self.random.random_range(1..160),
                self.random.random_range(1..8),
            );
            let quantity = self.random.random_range(-1..4);
            writeln!(text, "{order},{product},{quantity},3.5,0.5").unwrap();
        }
        text
    }

    fn payments(&mut self, count: usize) -> String {
        let mut text = "payment_id,order_id,method,amount,status,paid_at\n".to_owned();
        for _ in 0..count {
            let (payment, order) = (
                self.random.random_range(1..200),
                self.random.random_range(1..160),
            );
            let status = self.pick(&["paid", "failed"]);
            let day = self.day();
            let time = self.time(day);
            writeln!(text, "{payment},{order},card,4.25,{status},{time}").unwrap();
        }
        text
    }

    /// Lets some of the files come that a day brings.
    fn live(&mut self, all: bool) {
        self.day += 1;
        for kind in ["events", "orders", "items", "payments"] {
            if !all && self.random.random_bool(0.3) {
                continue;
            }
            let count = self.random.random_range(if all { 200..220 } else { 0..15 });
            let text = match kind {
                "events" => self.events(count),
                "orders" => self.orders(count),
                "items" => self.items(count),
                _ => self.payments(count),
            };
            self.files += 1;
            let path = format!("{kind}/{:03}.csv", self.files);
            write(&self.folder, &[(&path, &text)]);
        }
    }

    /// Takes rows out of a file, or the file away.
    fn forget(&mut self) {
        let kind = self.pick(&["events", "orders", "items"]);
        let folder = self.folder.path().join(kind);
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        let file = &files[self.random.random_range(0..files.len())];
        let text = fs::read_to_string(file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        match files.len() > 1 && self.random.random_bool(0.5) {
            true => fs::remove_file(file).unwrap(),
            false => fs::write(file, lines[..lines.len().div_ceil(2)].join("\n") + "\n").unwrap(),
        }
    }

    async fn build(&self, target: &str, full_refresh: bool, vars: &[(&str, &str)]) -> Vec<Outcome> {
        let project = Project::open(&self.engine(target).await, &variables(vars)).unwrap();
        let models: Vec<_> = OF_EVENTS.iter().chain(&OF_ORDERS).collect();
        let terms: Vec<_> = models.iter().map(|model| format!("+{model}")).collect();
        let terms: Vec<_> = terms.iter().map(String::as_str).collect();
        let models = project.select(&selection(&terms)).unwrap();
        let options = BuildOptions {
            full_refresh,
            ..BuildOptions::default()
        };
        project.build(&models, options, &|_| {}).await.unwrap()
    }

    async fn engine(&self, target: &str) -> crate::Engine {
        open_target(&self.folder, Some(target)).await.unwrap()
    }
}

/// All rows of a model, in one order.
async fn rows(engine: &crate::Engine, model: &str) -> Vec<String> {
    let text = cells(engine.default_session(), &format!("SELECT * FROM {model}")).await;
    let mut rows: Vec<_> = text.lines().map(str::to_owned).collect();
    rows.sort();
    rows
}

/// Lives some days; returns the models that were once built of changes alone.
async fn agree(seed: u64, days: usize, vars: &[(&str, &str)]) -> BTreeSet<String> {
    let mut shop = Shop::new(seed);
    shop.live(true);
    let mut partly = BTreeSet::new();
    for day in 0..days {
        let outcomes = shop.build("dev", false, vars).await;
        for outcome in &outcomes {
            let Status::Built { extent, .. } = &outcome.status else {
                panic!("{}: {:?}", outcome.model, outcome.status);
            };
            if matches!(extent, Extent::Keys(_)) {
                partly.insert(outcome.model.clone());
            }
        }
        shop.build("full", true, vars).await;
        let (dev, full) = (shop.engine("dev").await, shop.engine("full").await);
        for model in OF_EVENTS.iter().chain(&OF_ORDERS) {
            assert_eq!(
                rows(&dev, model).await,
                rows(&full, model).await,
                "{model} on day {day} of {seed}"
            );
        }
        match shop.random.random_bool(0.15) {
            true => shop.forget(),
            false => shop.live(false),
        }
    }
    partly
}

#[tokio::test(flavor = "multi_thread")]
async fn incremental_models_are_what_full_builds_make() {
    let partly = agree(1, 8, &[]).await;
    let all = OF_EVENTS.iter().chain(&OF_ORDERS);
    let all: BTreeSet<String> = all.map(|model| (*model).to_owned()).collect();
    assert_eq!(partly, all);
    let split = [("session_split", "gap"), ("order_rows", "lines")];
    agree(2, 5, &split).await;
}
