// client.cjs BUNDLE URL: what a client with apache-arrow for JavaScript does.
const { tableFromIPC } = require(process.argv[2]);

const sum = (column) => {
  let all = 0;
  for (const value of column) {
    all += value;
  }
  return all;
};

(async () => {
  const table = await tableFromIPC(fetch(process.argv[3]));
  const delay = sum(table.getChild('delay'));
  const distance = sum(table.getChild('distance'));
  console.log(`${table.numRows} rows, sum(delay) = ${delay}, sum(distance) = ${distance}`);
})();
