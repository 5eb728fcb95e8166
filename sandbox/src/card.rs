//! A plain picture with a name on it, for what has no picture of its own.

use maud::html;

use super::ids::digest;

/// An SVG of 360 by 640, or as asked. The name chooses its colour.
pub(super) fn svg(name: &str, (width, height): (u32, u32)) -> String {
    let hue = u32::from(digest(&[name.as_bytes()])[0]) * 360 / 256;
    let name = escaped(name);
    let (x, y) = (width / 2, height / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">\
         <rect width=\"100%\" height=\"100%\" fill=\"hsl({hue} 40% 35%)\"/>\
         <text x=\"{x}\" y=\"{y}\" fill=\"#fff\" font-family=\"sans-serif\" font-size=\"28\" \
         text-anchor=\"middle\">{name}</text></svg>"
    )
}

/// XML has no way to write most control characters.
fn escaped(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    html! { (text) }.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out() {
        let svg = svg("<script>\u{0}&\"", (10, 10));
        assert!(svg.contains(">&lt;script&gt; &amp;&quot;</text>"));
    }
}
