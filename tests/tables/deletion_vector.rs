//! Deletion vectors made by hand, as the Delta protocol describes them: a
//! commit that adds the table's one file again with some of its rows deleted.

use std::path::Path;

use serde_json::{Value, json};

/// Where the vector lies.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// In the log itself.
    Inline,
    /// In a file beside the data.
    File,
}

const UUID: [u8; 16] = [
    0x0f, 0x1e, 0x2d, 0x3c, 0x4b, 0x5a, 0x49, 0x78, 0x87, 0x96, 0xa5, 0xb4, 0xc3, 0xd2, 0xe1, 0xf0,
];

/// Writes `version`, in which the rows of those positions are deleted.
pub(super) fn delete(table: &Path, version: u64, rows: &[u16], kind: Kind) {
    let log = table.join("_delta_log");
    let text = std::fs::read_to_string(log.join(format!("{:020}.json", 0))).unwrap();
    let actions: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let find = |name: &str| actions.iter().find_map(|a| a.get(name)).unwrap().clone();
    let mut add = find("add");
    let bitmap = bitmap(rows);
    let descriptor = match kind {
        Kind::Inline => json!({
            "storageType": "i", "pathOrInlineDv": z85(&bitmap),
            "sizeInBytes": bitmap.len(), "cardinality": rows.len(),
        }),
        Kind::File => {
            let mut file = vec![1];
            file.extend(u32::try_from(bitmap.len()).unwrap().to_be_bytes());
            file.extend(&bitmap);
            file.extend(crc32(&bitmap).to_be_bytes());
            let hex: String = UUID.iter().map(|byte| format!("{byte:02x}")).collect();
            let uuid = format!(
                "{}-{}-{}-{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..]
            );
            std::fs::write(table.join(format!("deletion_vector_{uuid}.bin")), file).unwrap();
            json!({
                "storageType": "u", "pathOrInlineDv": z85(&UUID), "offset": 1,
                "sizeInBytes": bitmap.len(), "cardinality": rows.len(),
            })
        }
    };
    let remove = json!({
        "path": add["path"], "deletionTimestamp": 1_700_000_000_000_i64, "dataChange": true,
        "extendedFileMetadata": true, "partitionValues": add["partitionValues"], "size": add["size"],
    });
    add["deletionVector"] = descriptor;
    let mut metadata = find("metaData");
    metadata["configuration"] = json!({"delta.enableDeletionVectors": "true"});
    let protocol = json!({
        "minReaderVersion": 3, "minWriterVersion": 7,
        "readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"],
    });
    let lines = [
        json!({"protocol": protocol}),
        json!({"metaData": metadata}),
        json!({"remove": remove}),
        json!({"add": add}),
    ];
    let text = lines.map(|line| line.to_string()).join("\n");
    std::fs::write(log.join(format!("{version:020}.json")), text).unwrap();
}

/// A RoaringBitmapArray of small numbers: one bitmap with one array container.
fn bitmap(rows: &[u16]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(1_681_511_377_u32.to_le_bytes());
    out.extend(1_u64.to_le_bytes());
    out.extend(0_u32.to_le_bytes());
    out.extend(12_346_u32.to_le_bytes());
    out.extend(1_u32.to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    out.extend((u16::try_from(rows.len()).unwrap() - 1).to_le_bytes());
    out.extend(16_u32.to_le_bytes());
    for row in rows {
        out.extend(row.to_le_bytes());
    }
    out
}

/// ZeroMQ's base 85, of whole groups of four bytes.
fn z85(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 85] =
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    assert_eq!(bytes.len() % 4, 0);
    let mut out = String::new();
    for group in bytes.chunks_exact(4) {
        let mut value = u32::from_be_bytes(group.try_into().unwrap());
        let mut digits = [0; 5];
        for digit in digits.iter_mut().rev() {
            *digit = DIGITS[(value % 85) as usize];
            value /= 85;
        }
        out.extend(digits.map(char::from));
    }
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |mut crc: u32, byte: &u8| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
        crc
    };
    !bytes.iter().fold(!0, step)
}
