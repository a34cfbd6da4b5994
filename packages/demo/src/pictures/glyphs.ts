/**
 * The characters on plates and in the line that cameras burn into their pictures, drawn as strokes.
 * Rule: no font is used anywhere, so the pictures are the same on every machine.
 */

/** One character is drawn in a cell of 10 x 16 units, with strokes of about 2 units. */
const GLYPH_WIDTH = 10;
export const GLYPH_HEIGHT = 16;

const GLYPHS: Readonly<Record<string, string>> = {
  "0": "M5 1C2.7 1 1.5 2.8 1.5 5v6c0 2.200 1.200 4 3.500 4s3.500-1.800 3.500-4V5C8.500 2.800 7.300 1 5 1z",
  "1": "M2.500 4 5.500 1v14",
  "2": "M1.500 4.500C1.500 2.500 3 1 5 1s3.500 1.500 3.500 3.500c0 3-7 6-7 10.500h7",
  "3": "M1.700 1h6.600L4.800 6.400c2.200 0 3.700 1.700 3.700 4.200S7 15 4.900 15 1.500 13.800 1.300 12",
  "4": "M6.800 15V1L1.200 11h7.600",
  "5": "M8.200 1H2.200l-.4 6.200C2.600 6.400 3.700 6 5 6c2.200 0 3.500 1.800 3.500 4.400S7 15 4.900 15 1.500 13.900 1.300 12",
  "6": "M7.500 1C4 2.500 1.500 6 1.500 10.500 1.500 13.300 3 15 5 15s3.500-1.700 3.500-4S7 7 5 7 1.800 8.500 1.600 10",
  "7": "M1.500 1h7L4 15",
  "8": "M5 1C3 1 2 2.300 2 4.200S3.200 7.400 5 7.400s3-1.300 3-3.200S7 1 5 1zM5 7.400c-2.200 0-3.500 1.500-3.500 3.800S2.800 15 5 15s3.500-1.500 3.500-3.800S7.200 7.400 5 7.400z",
  "9": "M2.500 15C6 13.500 8.500 10 8.500 5.500 8.500 2.700 7 1 5 1S1.500 2.700 1.500 5 3 9 5 9s3.200-1.500 3.400-3",
  A: "M1.200 15 5 1l3.800 14M2.500 10.500h5",
  B: "M1.800 1v14h3.200c2.300 0 3.600-1.500 3.600-3.800S7.300 7.600 5 7.600H1.800M1.800 1h2.900C6.800 1 8 2.300 8 4.300S6.800 7.600 4.700 7.600",
  C: "M8.500 4.300C8.100 2.200 6.900 1 5.200 1 2.800 1 1.500 3 1.500 5.500v5C1.500 13 2.800 15 5.200 15c1.700 0 2.900-1.200 3.300-3.300",
  D: "M1.800 1v14h2.400c2.800 0 4.300-2 4.300-4.800V5.800C8.500 3 7 1 4.200 1z",
  E: "M8.300 1H1.800v14h6.500M1.800 7.800h5.400",
  F: "M8.300 1H1.800v14M1.800 7.800h5.400",
  G: "M8.500 4.300C8.100 2.200 6.900 1 5.200 1 2.800 1 1.500 3 1.500 5.500v5C1.500 13 2.800 15 5.100 15s3.500-1.600 3.500-4V8.400H5.400",
  H: "M1.600 1v14M8.400 1v14M1.600 7.800h6.800",
  I: "M5 1v14M2.800 1h4.400M2.800 15h4.400",
  J: "M7.800 1v10.200C7.800 13.600 6.700 15 4.800 15c-1.800 0-3-1.200-3.300-3.200",
  K: "M1.800 1v14M8.400 1 1.800 9.400M4.200 6.600 8.600 15",
  L: "M1.800 1v14h6.500",
  M: "M1.300 15V1L5 9l3.700-8v14",
  N: "M1.600 15V1l6.800 14V1",
  O: "M5 1C2.400 1 1.300 3 1.300 5.500v5C1.300 13 2.400 15 5 15s3.700-2 3.700-4.500v-5C8.700 3 7.600 1 5 1z",
  P: "M1.800 15V1h3c2.400 0 3.700 1.600 3.700 4S7.200 9 4.800 9h-3",
  Q: "M5 1C2.400 1 1.300 3 1.300 5.500v5C1.300 13 2.400 15 5 15s3.700-2 3.700-4.500v-5C8.700 3 7.600 1 5 1zM5.600 11.400 8.800 15.200",
  R: "M1.800 15V1h3c2.400 0 3.700 1.500 3.700 3.800S7.200 8.600 4.800 8.600h-3M5 8.600 8.600 15",
  S: "M8.300 4C8 2.100 6.800 1 5 1 3 1 1.700 2.300 1.700 4.300c0 4.400 6.900 2.700 6.900 7.200C8.600 13.700 7.200 15 5 15c-2 0-3.300-1.200-3.600-3.200",
  T: "M1 1h8M5 1v14",
  U: "M1.600 1v9.800C1.600 13.500 2.900 15 5 15s3.400-1.500 3.400-4.200V1",
  V: "M1.200 1 5 15 8.800 1",
  W: "M.8 1 2.900 15 5 5.500 7.100 15 9.200 1",
  X: "M1.400 1 8.600 15M8.600 1 1.400 15",
  Y: "M1.200 1 5 8.200 8.800 1M5 8.200V15",
  Z: "M1.500 1h7l-7 14h7",
  "-": "M3 8h4",
  ":": "M5 4.800v.8M5 11.200v.8",
};

/**
 * Strokes for a line of text, its upper left corner at 0,0, one unit of the glyph cell being one unit of the drawing.
 * Characters without a glyph (spaces among them) leave a gap.
 * @param advance from one cell to the next
 */
export const strokeText = (text: string, advance: number): string =>
  [...text.toUpperCase()]
    .map((character, index) => {
      const strokes = GLYPHS[character];
      return strokes === undefined
        ? ""
        : `<path transform="translate(${(index * advance).toFixed(2)} 0)" d="${strokes}"/>`;
    })
    .join("");

/** The width of a line drawn by `strokeText`. */
export const textWidth = (text: string, advance: number): number => (text.length - 1) * advance + GLYPH_WIDTH;

/** Says whether every character of a plate can be drawn. */
export const canDraw = (text: string): boolean => [...text].every((character) => character in GLYPHS);
