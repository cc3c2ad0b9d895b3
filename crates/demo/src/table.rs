//! Tables for a terminal.

/// A heading and rows of the same width, drawn with spaces alone.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(heading: [&str; N]) -> Self {
        Self { rows: vec![heading.map(str::to_owned).to_vec()] }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// The lines, the heading first. Numbers stand to the right.
    pub(crate) fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &'_ Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..columns)
            .map(|column| self.rows.iter().map(|row| width(&cell(row, column))).max().unwrap_or(0))
            .collect();
        let numeric: Vec<bool> = (0..columns)
            .map(|column| self.rows.iter().skip(1).all(|row| is_number(&cell(row, column))) && self.rows.len() > 1)
            .collect();
        let line = |row: &Vec<String>| {
            let cells = (0..columns).map(|column| {
                let text = cell(row, column);
                let pad = " ".repeat(widths[column] - width(&text));
                if numeric[column] { pad + &text } else { text + &pad }
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.rows.iter().map(line).collect()
    }
}

/// As many columns of a terminal as most letters take.
fn width(text: &str) -> usize {
    text.chars().count()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_numbers_stand_to_the_right() {
        let mut table = Table::new(["who", "documents"]);
        table.row(["Åkerström".to_owned(), "7".to_owned()]);
        table.row(["Ilves".to_owned(), "1200".to_owned()]);
        assert_eq!(table.lines(), ["who        documents", "Åkerström          7", "Ilves           1200"]);
    }

    #[test]
    fn a_table_without_rows_is_its_heading() {
        assert_eq!(Table::new(["who", "documents"]).lines(), ["who  documents"]);
    }
}
