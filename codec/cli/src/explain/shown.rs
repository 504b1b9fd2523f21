//! Bytes as text for a page: characters as they are, everything else escaped.

/// The character at the start of `bytes`, as it stands in the page, and how many bytes it is.
pub(super) fn character(bytes: &[u8]) -> (String, usize) {
    let len = match bytes[0] {
        0..0x80 => 1,
        0xC2..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0..0xF5 => 4,
        _ => 0,
    };
    let text = bytes.get(..len).and_then(|b| std::str::from_utf8(b).ok());
    let c = text.and_then(|text| text.chars().next());
    match c {
        Some('&') => ("&amp;".into(), 1),
        Some('<') => ("&lt;".into(), 1),
        Some('>') => ("&gt;".into(), 1),
        Some('\n') => ("↵\n".into(), 1),
        Some('\t') => ("⇥\t".into(), 1),
        // Characters that are not seen, or that turn the line around, are shown by number.
        Some(c) if !c.is_control() && !hidden(c) => (c.into(), len),
        _ => (format!("·{:02X}", bytes[0]), 1),
    }
}

/// Spaces of no or odd width, marks of direction, joiners, and what belongs to no script.
fn hidden(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{2000}'..='\u{200F}' | '\u{2028}'..='\u{202F}'
        | '\u{205F}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFF}'
        | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..)
}

/// Any text for a page.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            c if c.is_control() || hidden(c) => out += "\u{FFFD}",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn characters_stay_and_bytes_are_numbered() {
        assert_eq!(character("ω!".as_bytes()), ("ω".into(), 2));
        assert_eq!(character(b"<b>"), ("&lt;".into(), 1));
        assert_eq!(character(b"\0"), ("·00".into(), 1));
        assert_eq!(character(b"\xE2\x80"), ("·E2".into(), 1));
        assert_eq!(character("\u{202E}".as_bytes()), ("·E2".into(), 1));
    }

    proptest! {
        #[test]
        fn any_bytes_are_shown_without_markup(bytes in prop::collection::vec(any::<u8>(), 1..40)) {
            let (mut at, mut out) = (0, String::new());
            while at < bytes.len() {
                let (text, len) = character(&bytes[at..]);
                prop_assert!(len >= 1);
                out += &text;
                at += len;
            }
            prop_assert_eq!(at, bytes.len());
            prop_assert!(!out.contains(['<', '>']));
        }
    }
}
