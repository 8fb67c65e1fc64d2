"""Graphs of whole networks with module paths and shapes, as a reader makes them."""

from graf import ComputationGraph


class Builder:
    """Collects operations; a node is known by its number."""

    def __init__(self, paths=True):
        self.operations, self.edges, self.rows, self.paths = [], [], [], paths

    def __call__(self, op, *reads, module="", shape="", **settings):
        node = len(self.operations)
        self.operations.append(op)
        self.edges += [(u, node) for u in reads]
        self.rows.append({"module": module if self.paths else "", "shape": shape, **settings})
        return node

    def graph(self):
        names = {name: type(value) for row in self.rows for name, value in row.items()}
        missing = {str: "", float: float("nan"), int: 0}
        attributes = {
            name: [row.get(name, missing[kind]) for row in self.rows] for name, kind in names.items()
        }
        labels = [
            f"{row['module'] or op or 'x'}_{i}"
            for i, (op, row) in enumerate(zip(self.operations, self.rows, strict=True))
        ]
        return ComputationGraph.from_edges(self.operations, self.edges, names=labels, attributes=attributes)


def resnet(depths=(3, 4, 6, 3), paths=True):
    """Bottleneck ResNet; the default has the stages of ResNet-50."""
    add = Builder(paths)
    x = add(None, shape="1x3x224x224")
    x = add("conv7x7", x, module="conv1", shape="1x64x112x112", stride=2.0, n_parameters=9408)
    x = add("relu", x, module="relu", shape="1x64x112x112")
    x = add("max_pool3x3", x, module="maxpool", shape="1x64x56x56", stride=2.0)
    side, width = 56, 64
    for stage, depth in enumerate(depths):
        for block in range(depth):
            path, stride = f"layer{stage + 1}.{block}", 2 if stage and not block else 1
            inner = f"1x{width}x{side}x{side}"
            side //= stride
            mid, out = f"1x{width}x{side}x{side}", f"1x{4 * width}x{side}x{side}"
            y = add("conv1x1", x, module=f"{path}.conv1", shape=inner, stride=1.0, n_parameters=4 * width**2)
            y = add("relu", y, module=f"{path}.relu", shape=inner)
            y = add(
                "conv3x3",
                y,
                module=f"{path}.conv2",
                shape=mid,
                stride=float(stride),
                n_parameters=9 * width**2,
            )
            y = add("relu", y, module=f"{path}.relu", shape=mid)
            y = add("conv1x1", y, module=f"{path}.conv3", shape=out, stride=1.0, n_parameters=4 * width**2)
            if not block:
                x = add(
                    "conv1x1",
                    x,
                    module=f"{path}.downsample.0",
                    shape=out,
                    stride=float(stride),
                    n_parameters=8 * width**2,
                )
            x = add("add", x, y, module=path, shape=out)
            x = add("relu", x, module=f"{path}.relu", shape=out)
        width *= 2
    x = add("global_avg_pool", x, module="avgpool", shape=f"1x{2 * width}x1x1")
    add("linear", x, module="fc", shape="1x1000", n_parameters=2 * width * 1000)
    return add.graph()


def vit(depth=12, paths=True):
    """Vision transformer with a class token."""
    add = Builder(paths)
    x = add(None, shape="1x3x224x224")
    x = add("conv16x16", x, module="patch_embed.proj", shape="1x768x14x14", stride=16.0)
    x = add("concat", x, shape="1x197x768")
    x = add("position_embedding", x, shape="1x197x768")
    for i in range(depth):
        x = layer(add, x, f"blocks.{i}", "1x197x768", "1x197x3072")
    x = add("layer_norm", x, module="norm", shape="1x197x768")
    add("linear", x, module="head", shape="1x1000")
    return add.graph()


def layer(add, x, path, shape, wide):
    """A pre-norm transformer layer."""
    y = add("layer_norm", x, module=f"{path}.norm1", shape=shape)
    q, k, v = (add("linear", y, module=f"{path}.attn.{name}", shape=shape) for name in "qkv")
    y = add("attention", q, k, v, module=f"{path}.attn", shape=shape)
    y = add("linear", y, module=f"{path}.attn.proj", shape=shape)
    x = add("add", x, y, module=path, shape=shape)
    y = add("layer_norm", x, module=f"{path}.norm2", shape=shape)
    y = add("linear", y, module=f"{path}.mlp.fc1", shape=wide)
    y = add("gelu", y, module=f"{path}.mlp.act", shape=wide)
    y = add("linear", y, module=f"{path}.mlp.fc2", shape=shape)
    return add("add", x, y, module=path, shape=shape)


def unet(levels=4, paths=True):
    """U-Net: what each level of the encoder gives goes to the same level of the decoder."""
    add = Builder(paths)
    side, width = 256, 32
    x = add(None, shape=f"1x3x{side}x{side}")

    def double(x, path):
        for i in (0, 2):
            x = add("conv3x3", x, module=f"{path}.{i}", shape=f"1x{width}x{side}x{side}")
            x = add("relu", x, module=f"{path}.{i + 1}", shape=f"1x{width}x{side}x{side}")
        return x

    kept = []
    for i in range(levels):
        x = double(x, f"down.{i}")
        kept.append(x)
        side, width = side // 2, width * 2
        x = add("max_pool2x2", x, module=f"pool.{i}", shape=f"1x{width // 2}x{side}x{side}")
    x = double(x, "middle")
    for i in reversed(range(levels)):
        side, width = side * 2, width // 2
        x = add("conv_transpose2x2", x, module=f"up.{i}.up", shape=f"1x{width}x{side}x{side}")
        x = add("concat", x, kept[i], module=f"up.{i}", shape=f"1x{2 * width}x{side}x{side}")
        x = double(x, f"up.{i}.conv")
    add("conv1x1", x, module="head", shape=f"1x2x{side}x{side}")
    return add.graph()


def densenet(blocks=(6, 12, 24, 16), paths=True):
    """DenseNet: each layer reads all layers before it in its block."""
    add = Builder(paths)
    x = add(None, shape="1x3x224x224")
    x = add("conv7x7", x, module="features.conv0", shape="1x64x112x112")
    x = add("max_pool3x3", x, module="features.pool0", shape="1x64x56x56")
    side, width = 56, 64
    for b, depth in enumerate(blocks):
        read = [x]
        for i in range(depth):
            path = f"features.denseblock{b + 1}.denselayer{i + 1}"
            y = add("concat", *read, module=path, shape=f"1x{width + 32 * i}x{side}x{side}")
            for n, (op, channels) in enumerate((("conv1x1", 128), ("conv3x3", 32)), start=1):
                y = add("batch_norm", y, module=f"{path}.norm{n}", shape=add.rows[y]["shape"])
                y = add("relu", y, module=f"{path}.relu{n}", shape=add.rows[y]["shape"])
                y = add(op, y, module=f"{path}.conv{n}", shape=f"1x{channels}x{side}x{side}")
            read.append(y)
        width += 32 * depth
        x = add("concat", *read, module=f"features.denseblock{b + 1}", shape=f"1x{width}x{side}x{side}")
        x = add("batch_norm", x, module=f"features.norm{b + 1}", shape=f"1x{width}x{side}x{side}")
        x = add("relu", x, module=f"features.relu{b + 1}", shape=f"1x{width}x{side}x{side}")
        if b + 1 < len(blocks):
            side, width = side // 2, width // 2
            x = add(
                "conv1x1",
                x,
                module=f"features.transition{b + 1}.conv",
                shape=f"1x{width}x{2 * side}x{2 * side}",
            )
            x = add(
                "avg_pool2x2", x, module=f"features.transition{b + 1}.pool", shape=f"1x{width}x{side}x{side}"
            )
    x = add("global_avg_pool", x, shape=f"1x{width}x1x1")
    add("linear", x, module="classifier", shape="1x1000")
    return add.graph()


def mixture_of_experts(depth=6, experts=8, paths=True):
    """Transformer whose layers end in a weighted sum of experts, added up one after the other."""
    add = Builder(paths)
    shape = "1x128x512"
    x = add(None, shape="1x128")
    x = add("embedding", x, module="model.embed", shape=shape)
    for i in range(depth):
        path = f"model.layers.{i}"
        y = add("rms_norm", x, module=f"{path}.norm1", shape=shape)
        q, k, v = (add("linear", y, module=f"{path}.attn.{name}", shape=shape) for name in "qkv")
        y = add(
            "linear",
            add("attention", q, k, v, module=f"{path}.attn", shape=shape),
            module=f"{path}.attn.o",
            shape=shape,
        )
        x = add("add", x, y, module=path, shape=shape)
        y = add("rms_norm", x, module=f"{path}.norm2", shape=shape)
        gate = add(
            "softmax",
            add("linear", y, module=f"{path}.moe.gate", shape="1x128x8"),
            module=f"{path}.moe",
            shape="1x128x8",
        )
        total = None
        for e in range(experts):
            inner = f"{path}.moe.experts.{e}"
            a = add(
                "silu",
                add("linear", y, module=f"{inner}.w1", shape="1x128x1024"),
                module=f"{inner}.act",
                shape="1x128x1024",
            )
            b = add("linear", y, module=f"{inner}.w3", shape="1x128x1024")
            z = add(
                "linear",
                add("multiply", a, b, module=inner, shape="1x128x1024"),
                module=f"{inner}.w2",
                shape=shape,
            )
            z = add("multiply", z, gate, module=f"{path}.moe", shape=shape)
            total = z if total is None else add("add", total, z, module=f"{path}.moe", shape=shape)
        x = add("add", x, total, module=path, shape=shape)
    x = add("rms_norm", x, module="model.norm", shape=shape)
    add("linear", x, module="lm_head", shape="1x128x32000")
    return add.graph()


def different(n=20):
    """A chain of modules of one to n activations each between two sums, no two alike."""
    add = Builder()
    x = add(None, shape="1x8")
    for i in range(n):
        y = x
        for j in range(i + 1):
            y = add("relu", y, module=f"block{i}.{j}", shape="1x8")
        x = add("add", x, y, module=f"block{i}", shape="1x8")
    return add.graph()
