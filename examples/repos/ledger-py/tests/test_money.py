import unittest

from ledger.money import format_cents, parse_cents


class MoneyTest(unittest.TestCase):
    def test_parses_units_and_cents(self):
        self.assertEqual(parse_cents("12.05"), 1205)
        self.assertEqual(parse_cents(" 7 "), 700)

    def test_parses_thousands(self):
        self.assertEqual(parse_cents("1,234,567.00"), 123456700)

    def test_parses_negative_amounts(self):
        self.assertEqual(parse_cents("-0.01"), -1)

    def test_refuses_other_text(self):
        for text in ("", "1.2.3", "1,23", "ten", "1.5"):
            with self.subTest(text=text), self.assertRaises(ValueError):
                parse_cents(text)

    def test_formats_what_it_parses(self):
        for text in ("0.00", "1,234.50", "-10.09"):
            self.assertEqual(format_cents(parse_cents(text)), text)


if __name__ == "__main__":
    unittest.main()
