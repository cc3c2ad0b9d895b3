//! A person's browser on the way from a connect link through the provider's consent and back, over plain HTTP.

use anyhow::{Context, Result, bail};
use reqwest::Response;
use url::Url;

/// Where the way ended.
pub(crate) struct Arrival {
    /// Status of the last page.
    pub(crate) status: u16,
    /// Its title.
    pub(crate) title: String,
    /// The accounts that the consent page offered.
    pub(crate) offered: Vec<String>,
}

/// Follows a connect link, chooses the account and allows what is asked for.
pub(crate) async fn connect(http: &reqwest::Client, link: &str, account: &str) -> Result<Arrival> {
    let link = Url::parse(link).context("the connect link is no URL")?;
    let choice = page(http.get(link.clone()).send().await?).await.context("the page of the connect link")?;
    let button = values(&choice, "href").into_iter().find(|href| href.contains("/oauth/connect/"));
    let button = button.context("the page of the connect link offers nothing to connect")?;

    let consent_url = redirect(&http.get(link.join(&button)?).send().await?).context("the button of the provider")?;
    let consent = page(http.get(consent_url.clone()).send().await?).await.context("the consent page")?;
    let offered: Vec<String> = values(&consent, "value").into_iter().filter(|value| value.contains('@')).collect();
    if !offered.iter().any(|email| email == account) {
        bail!("the consent page does not offer {account}");
    }

    let decision = [("account", account), ("decision", "allow")];
    let back = redirect(&http.post(consent_url).form(&decision).send().await?).context("the decision")?;
    let end = http.get(back).send().await?;
    let status = end.status().as_u16();
    let title = title(&end.text().await?);
    Ok(Arrival { status, title, offered })
}

async fn page(response: Response) -> Result<String> {
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        bail!("it answers {status}: {}", title(&text));
    }
    Ok(text)
}

fn redirect(response: &Response) -> Result<Url> {
    let target = response.headers().get("location").and_then(|value| value.to_str().ok());
    let target = target.with_context(|| format!("expected a redirect, got {}", response.status()))?;
    Ok(response.url().join(target)?)
}

/// The values of an attribute, in the order of the page.
fn values(html: &str, attribute: &str) -> Vec<String> {
    let begin = format!("{attribute}=\"");
    html.split(&begin).skip(1).filter_map(|rest| Some(unescaped(rest.split_once('"')?.0))).collect()
}

fn title(html: &str) -> String {
    let inner = html.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    inner.map_or_else(|| html.chars().take(200).collect(), |(title, _)| unescaped(title))
}

/// The ampersand last: what it escapes is not to be unescaped again.
fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_in_order_and_unescaped() {
        let html = "<title>A &amp; B</title><a href=\"/x?a=1&amp;b=2\">x</a><input value=\"o&#39;brien@x.example\">\
                    <a href=\"/y\">y</a>";
        assert_eq!(values(html, "href"), ["/x?a=1&b=2", "/y"]);
        assert_eq!(values(html, "value"), ["o'brien@x.example"]);
        assert_eq!(title(html), "A & B");
    }

    #[test]
    fn what_was_escaped_twice_is_unescaped_once() {
        assert_eq!(unescaped("&amp;lt;"), "&lt;");
    }
}
