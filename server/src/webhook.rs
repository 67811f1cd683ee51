//! Texts posted to where people read them.

use std::fmt;
use std::time::Duration;

use serde_json::json;

/// How often a post is tried, and how long each may take.
const TRIES: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(10);

/// An address that takes `{"text": …}`, as Slack's incoming webhooks do.
///
/// Who knows its path may post, so that it is in no message.
pub struct Webhook {
    client: reqwest::Client,
    url: reqwest::Url,
}

impl Webhook {
    /// The one at an address.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn at(url: &str) -> Result<Self, String> {
        let parsed = reqwest::Url::parse(url).ok();
        let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = parsed.ok_or("expected an address with http:// or https://")?;
        let client = reqwest::Client::builder().timeout(PATIENCE).build();
        let client = client.map_err(|error| error.to_string())?;
        Ok(Self { client, url })
    }

    /// Posts a text, some times if need be.
    ///
    /// # Errors
    /// Why nobody has taken it.
    pub async fn post(&self, text: &str) -> Result<(), String> {
        // These three are all that Slack reads as its own.
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let body = json!({ "text": text }).to_string();
        let mut why = String::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_secs(1 << attempt)).await;
            }
            let request = self.client.post(self.url.clone());
            let request = request.header("content-type", "application/json");
            match request.body(body.clone()).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) => why = format!("it answers {}", answer.status()),
                Err(error) => why = error.without_url().to_string(),
            }
        }
        Err(why)
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Webhook").finish_non_exhaustive()
    }
}
