using OrleansPs.Core.Compression;

namespace OrleansPs.Core.Tests.Compression;

/// <summary>Encoding and decoding take no memory.</summary>
public class CodecAllocationTests
{
    private readonly float[] _values = [.. Enumerable.Range(0, 5000).Select(i => MathF.Sin(i))];
    private readonly float[] _received = new float[5000];
    private readonly byte[] _code = new byte[20_000];

    [Fact]
    public void Nothing_is_allocated()
    {
        for (var i = 0; i < 3; i++) SendAll();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++) SendAll();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private void SendAll()
    {
        Bf16Codec.Encode(_values, _code);
        Bf16Codec.Decode(_code, _received);
        Int8Codec.Encode(_values, 0, 5000, RoundingKey.Of(1, 2, 3, 4), _code);
        Int8Codec.Decode(_code.AsSpan(0, (int)Int8Codec.BytesOf(0, 5000)), 0, _received);
        PullCodec.Encode(GradientCompressionMode.Int8, _values, _code.AsSpan(0, PullCodec.BytesOf(GradientCompressionMode.Int8, 5000)));
        PullCodec.Copy(GradientCompressionMode.Int8, _values, _received);
        PullCodec.Copy(GradientCompressionMode.Bf16, _values, _received);
        var choice = TopKChoice.Of(_values, 50);
        TopKCodec.Decode(_code.AsSpan(0, TopKCodec.Encode(_values, ref choice, _code)), _received);
        OneBitCodec.Encode(_values, 0, 5000, _code);
        OneBitCodec.Decode(_code, 0, _received);
        OneBitCodec.Subtract(_code, 0, _received);
        ErrorFeedback.Add(_received, _values, _received);
    }
}
