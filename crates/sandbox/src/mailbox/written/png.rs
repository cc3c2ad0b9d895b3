//! A small picture.

/// The company's logo: a picture of 48 by 16 pixels in two colours, not compressed.
pub(super) fn logo() -> Vec<u8> {
    const WIDTH: u8 = 48;
    const HEIGHT: u8 = 16;
    let mut pixels = Vec::new();
    for row in 0..HEIGHT {
        pixels.push(0);
        for column in 0..WIDTH {
            let inside = column % 12 < row.min(HEIGHT - row);
            pixels.extend_from_slice(if inside { &[0x1b, 0x6f, 0xa8] } else { &[0xff, 0xff, 0xff] });
        }
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let chunks: [(&[u8; 4], Vec<u8>); 3] = [
        (b"IHDR", vec![0, 0, 0, WIDTH, 0, 0, 0, HEIGHT, 8, 2, 0, 0, 0]),
        (b"IDAT", stored(&pixels)),
        (b"IEND", Vec::new()),
    ];
    for (kind, data) in chunks {
        let length = u32::try_from(data.len()).expect("a small picture");
        file.extend(length.to_be_bytes());
        let checked: Vec<u8> = kind.iter().copied().chain(data).collect();
        file.extend(&checked);
        file.extend(crc32(&checked).to_be_bytes());
    }
    file
}

/// zlib's frame around bytes that are not compressed.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("one stored block holds 65,535 bytes");
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let mut frame = vec![0x78, 0x01, 0x01];
    frame.extend(length.to_le_bytes());
    frame.extend((!length).to_le_bytes());
    frame.extend(bytes);
    frame.extend((high << 16 | low).to_be_bytes());
    frame
}

fn crc32(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    });
    !crc
}
