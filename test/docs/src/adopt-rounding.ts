const DECIMAL = /\d+\.\d+/;

/**
 * The received text, its decimals written as shown where they differ by one in the last shown digit: another processor or
 * another number of threads adds in another order, which can turn the rounding of what is printed.
 */
export function adoptRounding(received: string, shown: string): string {
  const shownNumbers = shown.match(new RegExp(DECIMAL, "g")) ?? [];
  if (received.split(DECIMAL).join("#") !== shown.split(DECIMAL).join("#")) return received;
  let place = 0;
  return received.replaceAll(new RegExp(DECIMAL, "g"), (number) => {
    const shownNumber = shownNumbers[place++] ?? number;
    const digits = decimals(number);
    const isNear = Math.abs(Number(number) - Number(shownNumber)) < 1.5 * 10 ** -digits;
    return digits === decimals(shownNumber) && isNear ? shownNumber : number;
  });
}

function decimals(number: string): number {
  return number.length - number.indexOf(".") - 1;
}
