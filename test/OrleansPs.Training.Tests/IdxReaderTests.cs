namespace OrleansPs.Training.Tests;

public sealed class IdxReaderTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_is_read_plain_or_compressed(bool gzip)
    {
        var bytes = Idx.File([2, 1, 3], [1, 2, 3, 4, 5, 255]);
        var array = IdxReader.Read(_directory.Write("data", gzip ? Idx.Gzip(bytes) : bytes));

        Assert.Equal([2, 1, 3], array.Shape);
        Assert.Equal([1, 2, 3, 4, 5, 255], array.Values.ToArray());
    }

    [Fact]
    public void A_file_cut_short_at_any_byte_is_refused_plain_or_compressed()
    {
        var bytes = Idx.File([2, 3], [1, 2, 3, 4, 5, 6]);
        var gzip = Idx.Gzip(bytes);
        for (var length = 0; length < bytes.Length; length++) AssertRefused(bytes[..length], "");
        for (var length = 2; length < gzip.Length; length++) AssertRefused(gzip[..length], "");
    }

    [Fact]
    public void What_is_no_IDX_file_is_refused_by_what_is_wrong()
    {
        AssertRefused("<html>not found</html>"u8.ToArray(), "two zero bytes");
        AssertRefused(Idx.File([2], [1, 2], type: 0x0D), "element type is 0x0d");
        AssertRefused([0, 0, 8, 0], "0 dimensions");
        AssertRefused([0, 0, 8, 200], "200 dimensions");
        AssertRefused(Idx.File([-1], []), "dimension is -1");
        AssertRefused(Idx.File([2, 2], [1, 2, 3]), "truncated");
        AssertRefused(Idx.File([2, 2], [1, 2, 3, 4, 5]), "more data than the 4 bytes");
    }

    [Fact]
    public void Damaged_gzip_data_is_refused()
    {
        var gzip = Idx.Gzip(Idx.File([256], new byte[256]));
        gzip[10] ^= 0xFF;
        AssertRefused(gzip, "");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_header_that_announces_too_much_is_refused_before_memory_is_taken(bool gzip)
    {
        var big = Idx.File([500, 1000, 1000], [1, 2, 3]);
        var path = _directory.Write("big", gzip ? Idx.Gzip(big) : big);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<DataFormatException>(() => IdxReader.Read(path));

        Assert.Contains("truncated", error.Problem, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Contains("at most 100", Assert.Throws<DataFormatException>(() => IdxReader.Read(path, 100)).Problem,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Dimensions_whose_product_overflows_are_refused() =>
        AssertRefused(Idx.File([int.MaxValue, int.MaxValue, int.MaxValue, 2], [1]), "at most");

    [Fact]
    public void A_missing_file_is_named()
    {
        var path = _directory.File("nowhere");
        var error = Assert.Throws<DataFormatException>(() => IdxReader.Read(path));
        Assert.Equal(path, error.File);
        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
    }

    private void AssertRefused(byte[] bytes, string problem)
    {
        var path = _directory.Write("bad", bytes);
        var error = Assert.Throws<DataFormatException>(() => IdxReader.Read(path));
        Assert.Equal(path, error.File);
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
    }
}
