using OrleansPs.Core.Compression;

namespace OrleansPs.Benchmarks;

/// <summary>
/// Encoders and decoders over a parameter of 16 MiB, and of 1 MiB that stays in a cache, on one thread, beside a memcpy of as many bytes. What counts is
/// the bytes of the float32 side. Those with error feedback do all that a push does: residual + gradient, code, new residual.
/// </summary>
internal static class CompressionSuite
{
    public static void Run()
    {
        Console.WriteLine("One thread, median of 31, in turns with memcpy; GB/s of float32");
        Console.WriteLine($"{"codec",-26}{"MiB",5}{"ms",8}{"GB/s",8}{"memcpy",8}");
        foreach (var length in (int[])[256 << 10, 4 << 20])
        {
            var numbers = new Numbers(length);
            foreach (var (name, work) in numbers.Subjects()) Measure(name, work, numbers);
        }
    }

    private static void Measure(string name, Action work, Numbers numbers)
    {
        var bytes = (double)numbers.Length * sizeof(float);
        var (seconds, copy) = Measurement.Interleave(work, numbers.Copy);
        Console.WriteLine($"{name,-26}{bytes / (1 << 20),5:F0}{seconds * 1e3,8:F2}{bytes / seconds / 1e9,8:F1}{bytes / copy / 1e9,8:F1}");
    }

    private sealed class Numbers
    {
        private readonly float[] _gradient;
        private readonly float[] _values;
        private readonly float[] _residual;
        private readonly byte[] _code;

        public Numbers(int length)
        {
            // The sum of three uniform numbers: small ones are frequent and large ones rare, as in gradients.
            var random = new Random(1);
            _gradient = [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f) * 1e-3f)];
            (_values, _residual) = (_gradient.ToArray(), new float[length]);
            _code = new byte[length * sizeof(float)];
        }

        public int Length => _gradient.Length;

        public IEnumerable<(string Name, Action Work)> Subjects()
        {
            yield return ("bf16 encode", () => Bf16Codec.Encode(_gradient, _code));
            yield return ("bf16 decode", () => Bf16Codec.Decode(_code, _values));
            yield return ("int8 encode", () => Int8Codec.Encode(_gradient, 0, Length, new(1, 2), _code));
            yield return ("int8 decode", () => Int8Codec.Decode(_code.AsSpan(0, (int)Int8Codec.BytesOf(0, Length)), 0, _values));
            yield return ("top-k 0.01 encode", EncodeTopK);
            yield return ("top-k 0.01 decode", () => TopKCodec.Decode(_code.AsSpan(0, Length / 100 * TopKCodec.EntryBytes), _values));
            yield return ("1-bit encode", EncodeOneBit);
            yield return ("1-bit decode", () => OneBitCodec.Decode(_code.AsSpan(0, (int)OneBitCodec.BytesOf(0, Length)), 0, _values));
        }

        public void Copy() => _gradient.AsSpan().CopyTo(_values);

        private void EncodeTopK()
        {
            ErrorFeedback.Add(_residual, _gradient, _residual);
            var choice = TopKChoice.Of(_residual, Length / 100);
            var bytes = TopKCodec.Encode(_residual, ref choice, _code);
            TopKCodec.Clear(_code.AsSpan(0, bytes), _residual);
        }

        private void EncodeOneBit()
        {
            ErrorFeedback.Add(_residual, _gradient, _residual);
            OneBitCodec.Encode(_residual, 0, Length, _code);
            OneBitCodec.Subtract(_code.AsSpan(0, (int)OneBitCodec.BytesOf(0, Length)), 0, _residual);
        }
    }
}
