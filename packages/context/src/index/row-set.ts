import { RoaringBitmap32 } from 'roaring-wasm';

/** Rows up to which a list is smaller than a bitmap. */
const MOST_LISTED = 32;

/** A growing set of rows: a list while it is small, then a compressed bitmap. */
export class RowSet {
  #list: number[] = [];
  #bitmap: RoaringBitmap32 | undefined;

  /** Adds a row that is not smaller than any before it. */
  add(row: number): void {
    if (this.#bitmap !== undefined) this.#bitmap.add(row);
    else if (this.#list.at(-1) !== row) this.#addListed(row);
  }

  addTo(target: RoaringBitmap32): void {
    if (this.#bitmap === undefined) target.addMany(this.#list);
    else target.orInPlace(this.#bitmap);
  }

  #addListed(row: number): void {
    this.#list.push(row);
    if (this.#list.length <= MOST_LISTED) return;
    this.#bitmap = new RoaringBitmap32(this.#list);
    this.#list = [];
  }
}
