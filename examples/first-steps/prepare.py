"""Makes the sales of a shop: more at the end of the week, a little more each month, and some chance."""

import csv
import random
from datetime import date, timedelta

import modelthat

BY_WEEKDAY = [40, 42, 45, 50, 70, 95, 20]

random.seed(7)
start = date(2025, 1, 1)
with open("sales.csv", "w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(["date", "weekday", "sales"])
    for index in range(int(modelthat.params()["days"])):
        day = start + timedelta(days=index)
        sales = BY_WEEKDAY[day.weekday()] + index * 0.02 + random.gauss(0, 5)
        writer.writerow([day, day.weekday(), round(sales, 1)])
