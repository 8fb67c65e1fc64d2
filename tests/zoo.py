"""A dozen small networks of the kinds that people export, each with the shapes or tensors it reads."""

import torch
from torch import nn
from torch.nn import functional


def conv(n_in, n_out, kernel=3, stride=1, groups=1, activation=nn.ReLU):
    layers = [nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, groups=groups, bias=False)]
    return nn.Sequential(*layers, nn.BatchNorm2d(n_out), *([activation()] if activation else []))


class Plain(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(),
            nn.Conv2d(8, 16, 3), nn.LeakyReLU(), nn.AvgPool2d(3, 2), nn.Flatten(),
            nn.Linear(16 * 6 * 6, 32), nn.Tanh(), nn.Linear(32, 10), nn.LogSoftmax(1),
        )  # fmt: skip


class Residual(nn.Module):
    """A block of ResNet, basic or with a bottleneck."""

    def __init__(self, n_in, n_out, stride, bottleneck):
        super().__init__()
        inner = n_out // 4
        basic = [conv(n_in, n_out, 3, stride), conv(n_out, n_out, activation=None)]
        narrow = [conv(n_in, inner, 1), conv(inner, inner, 3, stride), conv(inner, n_out, 1, activation=None)]
        self.body = nn.Sequential(*(narrow if bottleneck else basic))
        self.skip = conv(n_in, n_out, 1, stride, activation=None) if n_in != n_out else nn.Identity()

    def forward(self, x):
        return functional.relu(self.body(x) + self.skip(x))


class ResNet(nn.Sequential):
    def __init__(self):
        super().__init__(
            conv(3, 8, 7, 2), nn.MaxPool2d(3, 2, 1), Residual(8, 8, 1, False), Residual(8, 16, 2, False),
            Residual(16, 32, 1, True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10),
        )  # fmt: skip


class SqueezeExcite(nn.Module):
    def __init__(self, n, gate=nn.Hardsigmoid):
        super().__init__()
        self.down, self.up, self.gate = nn.Conv2d(n, n // 4, 1), nn.Conv2d(n // 4, n, 1), gate()

    def forward(self, x):
        return x * self.gate(self.up(functional.relu(self.down(functional.adaptive_avg_pool2d(x, 1)))))


class Inverted(nn.Module):
    """An inverted residual with squeeze and excitation."""

    def __init__(self, n_in, n_out, stride, activation, gate):
        super().__init__()
        wide = 3 * n_in
        self.body = nn.Sequential(
            conv(n_in, wide, 1, activation=activation),
            conv(wide, wide, 5, stride, wide, activation=activation),
            SqueezeExcite(wide, gate),
            conv(wide, n_out, 1, activation=None),
        )
        self.residual = n_in == n_out

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class Mobile(nn.Sequential):
    """MobileNetV3 with hard activations, EfficientNet with smooth ones."""

    def __init__(self, activation=nn.Hardswish, gate=nn.Hardsigmoid):
        super().__init__(
            conv(3, 8, 3, 2, activation=activation), Inverted(8, 8, 1, activation, gate),
            Inverted(8, 16, 2, nn.ReLU6, gate), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
        )  # fmt: skip


class Dense(nn.Module):
    """Layers of DenseNet: batch norms before convolutions, concatenated outputs."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(n), nn.ReLU(), nn.Conv2d(n, 4, 3, padding=1, bias=False))
            for n in (8, 12, 16)
        )
        self.head = nn.Sequential(nn.BatchNorm2d(20), nn.ReLU(), nn.AvgPool2d(2))

    def forward(self, x):
        found = [self.stem(x)]
        for layer in self.layers:
            found.append(layer(torch.cat(found, 1)))
        return self.head(torch.cat(found, 1)).mean((2, 3))


class Shuffle(nn.Module):
    """ShuffleNetV2: half of the channels pass, then all are shuffled."""

    def __init__(self):
        super().__init__()
        self.stem = conv(3, 16, 3, 2)
        self.body = nn.Sequential(conv(8, 8, 1), conv(8, 8, 3, 1, 8, None), conv(8, 8, 1))
        self.grouped = nn.Conv2d(16, 16, 1, groups=4)

    def forward(self, x):
        left, right = self.stem(x).chunk(2, dim=1)
        x = torch.cat([left, self.body(right)], dim=1)
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return functional.adaptive_max_pool2d(self.grouped(x), 1).flatten(1)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down, self.middle = conv(3, 8), conv(8, 16)
        self.up = nn.ConvTranspose2d(16, 8, 2, 2)
        self.last = nn.Conv2d(16, 4, 1)
        self.norm = nn.InstanceNorm2d(8, affine=True)

    def forward(self, x):
        first = self.down(x)
        inner = self.middle(functional.max_pool2d(first, 2))
        x = torch.cat([first, self.norm(self.up(inner))], 1)
        x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return torch.sigmoid(self.last(functional.interpolate(x, scale_factor=0.5, mode="nearest")))


class Attention(nn.Module):
    """Self-attention of one projection; by PyTorch's function or written out."""

    def __init__(self, n, heads, written_out=False):
        super().__init__()
        self.qkv, self.out, self.heads, self.written_out = (
            nn.Linear(n, 3 * n),
            nn.Linear(n, n),
            heads,
            written_out,
        )

    def forward(self, x, mask=None):
        b, t, n = x.shape
        q, k, v = self.qkv(x).reshape(b, t, 3, self.heads, n // self.heads).permute(2, 0, 3, 1, 4)
        if self.written_out:
            scores = q @ k.transpose(-2, -1) * (n // self.heads) ** -0.5
            scores = scores if mask is None else scores + mask
            x = scores.softmax(-1) @ v
        else:
            x = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out(x.transpose(1, 2).reshape(b, t, n))


class Block(nn.Module):
    def __init__(self, n, attention):
        super().__init__()
        self.norm1, self.norm2, self.attention = nn.LayerNorm(n), nn.LayerNorm(n), attention
        self.mlp = nn.Sequential(nn.Linear(n, 2 * n), nn.GELU(), nn.Linear(2 * n, n))

    def forward(self, x, mask=None):
        x = x + (self.attention(self.norm1(x)) if mask is None else self.attention(self.norm1(x), mask))
        return x + self.mlp(self.norm2(x))


class MultiHead(nn.Module):
    def __init__(self, n, heads):
        super().__init__()
        self.attention = nn.MultiheadAttention(n, heads, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class ViT(nn.Module):
    def __init__(self, written_out=False):
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 16))
        self.positions = nn.Parameter(torch.randn(1, 17, 16))
        self.blocks = nn.ModuleList([Block(16, Attention(16, 4, written_out)), Block(16, MultiHead(16, 2))])
        self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 10)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


class Window(nn.Module):
    """Attention within windows, shifted, with a learned bias for relative positions (Swin)."""

    def __init__(self, n=16, heads=2, size=4, shift=2):
        super().__init__()
        self.qkv, self.out = nn.Linear(n, 3 * n), nn.Linear(n, n)
        self.heads, self.size, self.shift = heads, size, shift
        self.table = nn.Parameter(torch.randn((2 * size - 1) ** 2, heads))
        at = torch.stack(torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")).flatten(1)
        between = (at[:, :, None] - at[:, None, :]) + size - 1
        self.register_buffer("index", between[0] * (2 * size - 1) + between[1])

    def forward(self, x):
        b, h, w, n = x.shape
        s = self.size
        x = torch.roll(x, (-self.shift, -self.shift), (1, 2))
        x = x.view(b, h // s, s, w // s, s, n).transpose(2, 3).reshape(-1, s * s, n)
        q, k, v = self.qkv(x).reshape(-1, s * s, 3, self.heads, n // self.heads).permute(2, 0, 3, 1, 4)
        bias = self.table[self.index.view(-1)].view(s * s, s * s, -1).permute(2, 0, 1)
        x = (((q * (n // self.heads) ** -0.5) @ k.transpose(-2, -1)) + bias).softmax(-1) @ v
        x = self.out(x.transpose(1, 2).reshape(-1, s * s, n))
        x = x.view(b, h // s, w // s, s, s, n).transpose(2, 3).reshape(b, h, w, n)
        return torch.roll(x, (self.shift, self.shift), (1, 2))


class Swin(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, 4)
        self.block = Block(16, Window())
        self.merge, self.norm, self.head = nn.Linear(64, 32, bias=False), nn.LayerNorm(64), nn.Linear(32, 10)

    def forward(self, x):
        x = self.block(self.patches(x).permute(0, 2, 3, 1))
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)
        return self.head(self.merge(self.norm(x)).mean((1, 2)))


class ConvNeXt(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.mix = nn.Conv2d(3, 16, 4, 4), nn.Conv2d(16, 16, 7, padding=3, groups=16)
        self.norm, self.wide, self.narrow = nn.LayerNorm(16), nn.Linear(16, 64), nn.Linear(64, 16)
        self.scale = nn.Parameter(torch.rand(16))

    def forward(self, x):
        x = self.stem(x)
        y = self.norm(self.mix(x).permute(0, 2, 3, 1))
        y = self.scale * self.narrow(functional.gelu(self.wide(y)))
        return (x + y.permute(0, 3, 1, 2)).mean((-2, -1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(50, 12)
        self.lstm = nn.LSTM(12, 8, 2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(16, 6, batch_first=True)
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        x, _ = self.lstm(self.embedding(x))
        x, _ = self.gru(x)
        return self.head(x[:, -1]).softmax(-1)


class RMSNorm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(n))

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


class Grouped(nn.Module):
    """Causal attention with rotary positions whose groups of queries share keys."""

    def __init__(self, n=16, heads=4, kv_heads=2, length=10):
        super().__init__()
        depth = n // heads
        self.q, self.k, self.v = (nn.Linear(n, m * depth, bias=False) for m in (heads, kv_heads, kv_heads))
        self.out, self.heads, self.kv_heads = nn.Linear(n, n, bias=False), heads, kv_heads
        angles = torch.outer(torch.arange(length), 0.1 ** torch.arange(0, depth, 2)).repeat(1, 2)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())
        self.register_buffer("mask", torch.full((length, length), float("-inf")).triu(1))

    def turned(self, x):
        left, right = x.chunk(2, -1)
        return x * self.cos + torch.cat([-right, left], -1) * self.sin

    def forward(self, x):
        b, t, n = x.shape
        q = self.turned(self.q(x).view(b, t, self.heads, -1).transpose(1, 2))
        k = self.turned(self.k(x).view(b, t, self.kv_heads, -1).transpose(1, 2))
        v = self.v(x).view(b, t, self.kv_heads, -1).transpose(1, 2)
        k, v = (
            s[:, :, None].expand(b, self.kv_heads, self.heads // self.kv_heads, t, n // self.heads)
            .reshape(b, self.heads, t, -1)
            for s in (k, v)
        )  # fmt: skip
        x = (q @ k.transpose(-2, -1) / 2 + self.mask).softmax(-1) @ v
        return self.out(x.transpose(1, 2).reshape(b, t, n))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.norm1, self.norm2, self.last = (
            nn.Embedding(50, 16),
            RMSNorm(16),
            RMSNorm(16),
            RMSNorm(16),
        )
        self.attention = Grouped()
        self.gate, self.up, self.down = (
            nn.Linear(n, m, bias=False) for n, m in ((16, 32), (16, 32), (32, 16))
        )

    def forward(self, tokens):
        x = self.tokens(tokens)
        x = x + self.attention(self.norm1(x))
        y = self.norm2(x)
        x = x + self.down(functional.silu(self.gate(y)) * self.up(y))
        return functional.linear(self.last(x), self.tokens.weight)


class Translator(nn.Module):
    """Encoder and decoder with cross attention."""

    def __init__(self):
        super().__init__()
        self.source, self.target = nn.Embedding(40, 16), nn.Embedding(30, 16)
        self.encoder = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.decoder = nn.TransformerDecoderLayer(16, 4, 32, batch_first=True, activation="gelu")
        self.head = nn.Linear(16, 30)

    def forward(self, source, target):
        memory = self.encoder(self.source(source))
        return self.head(self.decoder(self.target(target), memory))


class Grouping(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8)
        self.wide, self.last = nn.Conv2d(8, 8, (1, 7), padding=(0, 3)), nn.GroupNorm(8, 8)
        self.head = nn.Conv2d(8, 4, 3, dilation=2)

    def forward(self, x):
        x = functional.silu(self.norm(self.conv(x)))
        return functional.mish(self.head(functional.softplus(self.last(self.wide(x))))).amax((2, 3))


IMAGE = torch.randn(1, 3, 32, 32)
TOKENS = torch.arange(10)[None]
NETWORKS = {
    "plain": (Plain, IMAGE),
    "resnet": (ResNet, IMAGE),
    "mobilenet": (Mobile, IMAGE),
    "efficientnet": (lambda: Mobile(nn.SiLU, nn.Sigmoid), IMAGE),
    "densenet": (Dense, IMAGE),
    "shufflenet": (Shuffle, IMAGE),
    "unet": (UNet, IMAGE),
    "vit": (ViT, torch.randn(1, 3, 16, 16)),
    "vit written out": (lambda: ViT(True), torch.randn(1, 3, 16, 16)),
    "swin": (Swin, IMAGE),
    "convnext": (ConvNeXt, IMAGE),
    "recurrent": (Recurrent, TOKENS),
    "gpt": (GPT, TOKENS),
    "translator": (Translator, (TOKENS, TOKENS[:, :7])),
    "group norm": (Grouping, IMAGE),
}


def network(name):
    """A network whose weights look trained, and the inputs it reads."""
    make, inputs = NETWORKS[name]
    torch.manual_seed(0)
    module = make().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.rand_like(parameter) / 8)
        for buffer in module.buffers():
            if buffer.is_floating_point() and buffer.ndim == 1:
                buffer.add_(torch.rand_like(buffer) / 8)
    return module, inputs if isinstance(inputs, tuple) else (inputs,)
