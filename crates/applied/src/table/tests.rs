use std::fmt::Write as _;

use proptest::{collection::vec, prelude::*};

use super::*;

fn read(text: &str) -> Table {
    Table::from_csv(text.as_bytes(), "t.csv", &ReadOptions::default()).unwrap()
}

fn problem_with(bytes: &[u8], options: &ReadOptions) -> String {
    Table::from_csv(bytes, "t.csv", options).unwrap_err().to_string()
}

fn problem(text: &str) -> String {
    problem_with(text.as_bytes(), &ReadOptions::default())
}

fn numbers(table: &Table, name: &str) -> Vec<f64> {
    match table.column(name).unwrap().values() {
        Values::Number(values) => values.clone(),
        other => panic!("{other:?}"),
    }
}

fn names(table: &Table) -> Vec<&str> {
    table.columns().iter().map(Column::name).collect()
}

#[test]
fn what_could_be_read_in_two_ways_is_said_or_refused() {
    let table = read("2019,2020\n100.1,101.3\n104.3,103.0\n");
    assert_eq!((names(&table), table.rows()), (vec!["2019", "2020"], 2));
    assert_eq!(read("2019,2020\n2021,2022\n").rows(), 2, "years alone are values");
    let error = problem("28,00\n29,29\n30,50\n");
    assert!(error.starts_with("t.csv, line 1, column all: \"28,00\" can be two cells or one number"), "{error}");
    assert_eq!(read("28,0\n29,1\n").rows(), 2);
    let options = ReadOptions { delimiter: Some(','), ..ReadOptions::default() };
    assert_eq!(Table::from_csv(b"28,00\n29,29\n", "t.csv", &options).unwrap().columns().len(), 2);
    let table = read("units\n1.500\n1.732\n");
    assert!(
        table.notes()[0].starts_with("\"1.500\" was read with a decimal point in \"units\""),
        "{:?}",
        table.notes()
    );
    assert!(read("units\n1.500\n1.73\n").notes().is_empty());
}

#[test]
fn reads_what_spreadsheets_write() {
    let table = read("\u{feff}time ,\"a, b\", c\r\n\r\nx ,2,3\r\n\r\ny,\"5\",-6e-1");
    assert_eq!(names(&table), ["time", "a, b", "c"]);
    assert_eq!(numbers(&table, "c"), [3.0, -0.6]);
    assert_eq!(table.lines(), [3, 5]);
    let wide: Vec<u8> = "\u{feff}größe;b\n1,5;ä\n2,5;ö\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let table = Table::from_csv(&wide, "t.csv", &ReadOptions::default()).unwrap();
    assert_eq!(numbers(&table, "größe"), [1.5, 2.5]);
}

#[test]
fn delimiters_and_headers_are_found() {
    assert_eq!(numbers(&read("a;b\n1,5;2\n3,5;4\n"), "a"), [1.5, 3.5]);
    assert_eq!(numbers(&read("a\tb\n1\t2\n"), "b"), [2.0]);
    // Numbers and a name of a kind in every row: no header.
    let table = read("5.1,3.5,setosa\n4.9,3.0,virginica\n");
    assert_eq!((names(&table), table.rows()), (vec!["1", "2", "3"], 2));
    // Names that are numbers tell of no header, unless a column of numbers has a name.
    assert_eq!(names(&read("place,1990\nx,1\n")), ["1", "2"]);
    assert_eq!(names(&read("level,1990\n1,2\n")), ["level", "1990"]);
    assert_eq!(names(&read("colour,shape\nred,round\n")), ["colour", "shape"]);
    assert_eq!(names(&read(",a\n0,1\n1,5\n")), ["1", "a"]);
}

#[test]
fn kinds_are_those_of_the_cells() {
    let table = read("n,c,d,u,timestamp,e\n1,red,2024-01-31,NA,1706695200,\n,N/A,2024-02-01,none,1706698800,?\n");
    let kinds: Vec<Kind> = table.columns().iter().map(Column::kind).collect();
    assert_eq!(kinds, [Kind::Number, Kind::Category, Kind::Date, Kind::Number, Kind::Date, Kind::Number]);
    assert_eq!(table.columns().iter().map(Column::missing).collect::<Vec<_>>(), [1, 1, 0, 2, 0, 2]);
    let options = ReadOptions { text: vec!["n".to_owned()], ..ReadOptions::default() };
    let table = Table::from_csv(b"n\n10\n9\n10\n", "t.csv", &options).unwrap();
    let expected = Values::Category { names: vec!["10".into(), "9".into()], codes: vec![Some(0), Some(1), Some(0)] };
    assert_eq!(*table.column("n").unwrap().values(), expected);
}

#[test]
fn the_order_of_day_and_month_is_that_of_all_cells() {
    let first = |text: &str| match read(text).columns()[0].values() {
        Values::Date(dates) => dates[0].unwrap().date().to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(first("d,x\n02/01/2024,1\n31/01/2024,2\n"), "2024-01-02");
    assert_eq!(first("d,x\n02/01/2024,1\n01/31/2024,2\n"), "2024-02-01");
    assert_eq!(first("d,x\n02.01.2024,1\n03.01.2024,2\n"), "2024-01-02");
    let both = "d,x\n02/02/2024,1\n02/01/2024,1\n03/01/2024,2\n";
    let expected = "t.csv, line 3, column d: \"02/01/2024\": day or month may come first in this column; set which";
    assert_eq!(problem(both), expected);
    let options = ReadOptions { day_first: Some(false), ..ReadOptions::default() };
    assert!(Table::from_csv(both.as_bytes(), "t.csv", &options).is_ok());
}

#[test]
fn an_empty_line_in_one_column_is_a_missing_value() {
    for end in ["\n", "\r\n", "\r"] {
        let table = read(&["a", "1", "", "2", "", "", "3", "", ""].join(end));
        assert_eq!(table.lines(), [2, 3, 4, 5, 6, 7], "{end:?}");
        let missing: Vec<bool> = numbers(&table, "a").iter().map(|value| value.is_nan()).collect();
        assert_eq!(missing, [false, true, false, true, true, false]);
    }
    let quoted = read("a\n\"x\ny\"\n\nz\n");
    assert_eq!(quoted.lines(), [2, 4, 5]);
}

#[test]
fn errors_name_the_cell_and_what_would_be_right() {
    let ten = "1\n".repeat(10);
    let cases = [
        (String::new(), "line 1, column all: the table is empty: must have rows of cells"),
        ("a,b\n".to_owned(), "line 1, column all: there is no row below the header: must have one or more"),
        ("a,b\n1,2\n3\n".to_owned(), "line 3, column 2: the row has 1 cells: must have 2, like the first row"),
        ("a,b,a\n1,2,3\n".to_owned(), "line 1, column a: columns 1 and 3 have this name: rename one of them"),
        (
            format!("a\n{ten}x\n"),
            "line 12, column a: \"x\" is not a number, and the other cells of the column are: correct it, or name the \
             column in text to read it as it is",
        ),
        ("a,b\n1,inf\n2,3\n".to_owned(), "line 2, column b: \"inf\": must be finite"),
        ("1,2\n3,1e999\n".to_owned(), "line 2, column 2: \"1e999\": must be finite"),
        (
            "a;b\n1,5;1.234\n".to_owned(),
            "line 2, column b: \"1.234\" can be read in two ways beside \"1,5\": set decimal to '.' or ','",
        ),
        ("a;b\n1,234;2\n".to_owned(), "line 2, column a: \"1,234\" can be read in two ways: set decimal to '.' or ','"),
        (
            "a,b\n\"x,2\n3,4\n".to_owned(),
            "line 2, column 2: the row has 1 cells: must have 2, like the first row; is a quotation mark not closed?",
        ),
    ];
    for (text, expected) in &cases {
        assert_eq!(problem(text), format!("t.csv, {expected}"));
    }
    let table = read("size,colour,weight,age\n1,red,2,3\n");
    let expected = "t.csv, line 1, column Wieght: no such column: the nearest are \"weight\", \"size\", \"age\"";
    assert_eq!(table.column("Wieght").unwrap_err().to_string(), expected);
}

#[test]
fn what_is_no_text_is_refused() {
    let refused = |bytes: &[u8]| problem_with(bytes, &ReadOptions::default());
    assert!(refused(b"a\n\xff\xfe\n").contains("line 2, column all: the bytes are not text in UTF-8"));
    assert!(refused(b"\x7fELF\0\0\0").contains("this is not text"));
    assert!(refused(b"\xff\xfea").contains("this is not text"));
    assert!(refused(b"PK\x03\x04rest").contains("save it as CSV"));
    let options = ReadOptions { delimiter: Some('ä'), ..ReadOptions::default() };
    assert!(problem_with(b"a\n1\n", &options).contains("must be one ASCII character"));
    let options = ReadOptions { text: vec!["z".to_owned()], ..ReadOptions::default() };
    assert!(problem_with(b"a\n1\n", &options).contains("column z: no such column"));
}

proptest! {
    #[test]
    fn tables_round_trip(
        rows in (1usize..5).prop_flat_map(|width| vec(vec(-1e12..1e12f64, width), 1..20)),
        header in any::<bool>(),
        delimiter in prop::sample::select(vec![',', ';', '\t']),
        end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let join = |cells: Vec<String>| cells.join(&delimiter.to_string());
        let mut text = String::new();
        if header {
            write!(text, "{}{end}", join((0..rows[0].len()).map(|column| format!("c{column}")).collect())).unwrap();
        }
        for row in &rows {
            write!(text, "{}{end}", join(row.iter().map(f64::to_string).collect())).unwrap();
        }
        let options = ReadOptions { decimal: Some(Decimal::Point), ..ReadOptions::default() };
        let table = Table::from_csv(text.as_bytes(), "t.csv", &options).unwrap();
        prop_assert_eq!(table.columns().len(), rows[0].len());
        for (place, column) in table.columns().iter().enumerate() {
            let expected: Vec<f64> = rows.iter().map(|row| row[place]).collect();
            prop_assert_eq!(column.values(), &Values::Number(expected));
        }
        let first = 1 + u64::from(header);
        prop_assert_eq!(table.lines(), (first..first + rows.len() as u64).collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_panic(
        bytes in vec(prop_oneof![any::<u8>(), prop::sample::select(b"1,.\n\r\"-e;a\t/20: T".to_vec())], 0..200),
        text in vec(prop::sample::select("1,.\n\r\"-e;a\t/20: TNAä".chars().collect::<Vec<_>>()), 0..200),
    ) {
        let text: String = text.into_iter().collect();
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(table) = Table::from_csv(bytes, "t.csv", &ReadOptions::default()) {
                prop_assert!(table.rows() > 0);
                for column in table.columns() {
                    let length = match column.values() {
                        Values::Number(values) => values.len(),
                        Values::Category { codes, .. } => codes.len(),
                        Values::Date(dates) => dates.len(),
                    };
                    prop_assert_eq!(length, table.rows());
                }
            }
        }
    }
}
