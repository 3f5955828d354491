/** Kubernetes' quantity library. */
import { addQuantities, compareQuantities, floatOf, parseQuantity, quantityError, quantityOf, subtractQuantities } from '../../machinery/quantity.ts'
import type { Quantity } from '../../machinery/quantity.ts'
import { boolType, doubleType, intType, opaqueType, stringType } from '../types.ts'
import { EvaluationError, Opaque } from '../values.ts'
import { global, member } from './overload.ts'
import type { Library } from './overload.ts'

export const quantityType = opaqueType('kubernetes.Quantity')
const billion = 1_000_000_000n
const int64Max = 2n ** 63n - 1n

export class QuantityValue extends Opaque {
  readonly type = quantityType
  readonly quantity: Quantity

  constructor(quantity: Quantity) {
    super()
    this.quantity = quantity
  }

  equals(other: Opaque): boolean {
    return other instanceof QuantityValue && compareQuantities(this.quantity, other.quantity) === 0
  }
}

function isInteger({ quantity }: QuantityValue): boolean {
  return quantity.nano % billion === 0n && quantity.nano / billion <= int64Max && quantity.nano / billion >= -int64Max - 1n
}

export function quantityLibrary(): Library {
  const both = [quantityType, quantityType]
  return {
    types: [quantityType],
    overloads: [
      global('quantity', 'string_to_quantity', [stringType], quantityType, (text: string) => {
        const quantity = parseQuantity(text)
        return quantity ? new QuantityValue(quantity) : new EvaluationError(quantityError(text) ?? '')
      }),
      global('isQuantity', 'is_quantity_string', [stringType], boolType, (text: string) => parseQuantity(text) !== undefined),
      member('sign', 'quantity_sign', [quantityType], intType, ({ quantity }: QuantityValue) => (quantity.nano > 0n ? 1n : quantity.nano < 0n ? -1n : 0n)),
      member('isGreaterThan', 'quantity_is_greater_than', both, boolType, (a: QuantityValue, b: QuantityValue) => compareQuantities(a.quantity, b.quantity) > 0),
      member('isLessThan', 'quantity_is_less_than', both, boolType, (a: QuantityValue, b: QuantityValue) => compareQuantities(a.quantity, b.quantity) < 0),
      member('compareTo', 'quantity_compare_to', both, intType, (a: QuantityValue, b: QuantityValue) => BigInt(compareQuantities(a.quantity, b.quantity))),
      member('asApproximateFloat', 'quantity_get_float', [quantityType], doubleType, ({ quantity }: QuantityValue) => floatOf(quantity)),
      member('asInteger', 'quantity_get_int', [quantityType], intType, (value: QuantityValue) => (isInteger(value) ? value.quantity.nano / billion : new EvaluationError('cannot convert value to integer'))),
      member('isInteger', 'quantity_is_integer', [quantityType], boolType, isInteger),
      member('add', 'quantity_add', both, quantityType, (a: QuantityValue, b: QuantityValue) => new QuantityValue(addQuantities(a.quantity, b.quantity))),
      member('add', 'quantity_add_int', [quantityType, intType], quantityType, (a: QuantityValue, b: bigint) => new QuantityValue(addQuantities(a.quantity, quantityOf(b)))),
      member('sub', 'quantity_sub', both, quantityType, (a: QuantityValue, b: QuantityValue) => new QuantityValue(subtractQuantities(a.quantity, b.quantity))),
      member('sub', 'quantity_sub_int', [quantityType, intType], quantityType, (a: QuantityValue, b: bigint) => new QuantityValue(subtractQuantities(a.quantity, quantityOf(b)))),
    ],
  }
}
