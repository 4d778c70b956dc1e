import { type StoreAddress, writeByAddress } from './many-writers.ts';

/** One of several processes that append to the same runs. Arguments: the address as JSON, a name, how many events. Prints what was acknowledged. */
const [address = '', writer = '', count = ''] = process.argv.slice(2);
const written = await writeByAddress(JSON.parse(address) as StoreAddress, writer, Number(count));
process.stdout.write(JSON.stringify(written));
