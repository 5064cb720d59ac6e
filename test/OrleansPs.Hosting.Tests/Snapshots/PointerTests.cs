using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>The numbers of a model rise by compare-and-swap, and none is given twice.</summary>
public sealed class PointerTests : IDisposable
{
    private readonly SnapshotDirectory _directory = new();

    private DirectorySnapshotStore Store => _directory.Store;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_new_model_begins_with_cut_one()
    {
        Assert.Equal(ModelPointer.First, await Store.ReadPointerAsync("m", default));
        Assert.Empty(_directory.Files());
    }

    [Fact]
    public async Task The_numbers_change_only_from_what_they_are()
    {
        Assert.True(await Store.TryWritePointerAsync("m", ModelPointer.First, new(0, 1, 2), default));
        Assert.False(await Store.TryWritePointerAsync("m", ModelPointer.First, new(9, 9, 9), default));
        Assert.False(await Store.TryWritePointerAsync("m", new(0, 1, 1), new(9, 9, 9), default));
        Assert.Equal(new(0, 1, 2), await Store.ReadPointerAsync("m", default));
        Assert.True(await Store.TryWritePointerAsync("m", new(0, 1, 2), new(5, 6, 7), default));
        Assert.Equal(new(5, 6, 7), await new DirectorySnapshotStore(_directory.Path).ReadPointerAsync("m", default));
    }

    [Theory]
    [InlineData(4, 5, 6)]
    [InlineData(5, 4, 6)]
    [InlineData(5, 5, 5)]
    public async Task No_number_falls(long generation, long term, long nextCut) =>
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await Store.TryWritePointerAsync("m", new(5, 5, 6), new(generation, term, nextCut), default));

    [Fact]
    public async Task Many_threads_are_given_each_number_once()
    {
        const int Threads = 8, Each = 20;
        var numbers = new ConcurrentBag<long>();
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(async () =>
        {
            var store = new DirectorySnapshotStore(_directory.Path);
            for (var i = 0; i < Each; i++) numbers.Add(await Cuts.TakeNumberAsync(store));
        })));
        Assert.Equal(Enumerable.Range(1, Threads * Each).Select(i => (long)i), numbers.Order());
        Assert.Equal(Threads * Each + 1, (await Store.ReadPointerAsync("m", default)).NextCut);
        Assert.Equal(["m/pointer.json", "m/pointer.lock"], _directory.Files());
    }

    [Fact]
    public async Task Two_processes_are_given_each_number_once()
    {
        const int Each = 20;
        using var one = Child.Start("take-numbers", _directory.Path, $"{Each}");
        using var two = Child.Start("take-numbers", _directory.Path, $"{Each}");
        var own = new List<long>();
        for (var i = 0; i < Each; i++) own.Add(await Cuts.TakeNumberAsync(Store));
        var numbers = own.Concat((await one.ReadAllAsync()).Concat(await two.ReadAllAsync()).Select(long.Parse));
        Assert.Equal(Enumerable.Range(1, 3 * Each).Select(i => (long)i), numbers.Order());
    }

    [Fact]
    public async Task Without_its_file_numbers_go_on_above_those_of_the_snapshots()
    {
        await Cuts.WriteAsync(Store, 3, 7);
        Assert.Equal(8, (await Store.ReadPointerAsync("m", default)).NextCut);
        await Store.WriteBlockAsync(new("m", 4, 11, 0, 0), Cuts.Image(11, 0), default);
        Assert.Equal(new(4, 0, 12), await Store.ReadPointerAsync("m", default));
        File.Delete(_directory.Chunk(7, 0));
        Assert.Equal(12, await Cuts.TakeNumberAsync(Store));
    }

    [Fact]
    public async Task Every_flipped_bit_truncation_and_appended_byte_is_found()
    {
        await Store.TryWritePointerAsync("m", ModelPointer.First, new(3, 45, 678), default);
        var good = await File.ReadAllBytesAsync(_directory.Pointer);
        for (var bit = 0; bit < good.Length * 8; bit++)
        {
            var flipped = good.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            await RefusedAsync(flipped);
        }
        for (var length = 0; length < good.Length; length++) await RefusedAsync(good[..length]);
        for (var b = 0; b < 256; b++) await RefusedAsync([.. good, (byte)b]);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"generation\": \"0\", \"term\": 0, \"nextCut\": 1}")]
    [InlineData("{\"generation\": 0.5, \"term\": 0, \"nextCut\": 1}")]
    [InlineData("{\"\\ud800\": 0}")]
    public async Task What_is_no_pointer_is_refused(string text) => await RefusedAsync(Encoding.UTF8.GetBytes(text));

    [Fact]
    public async Task A_pointer_of_a_careless_hand_is_refused()
    {
        // The right hash, but not the one text that is written for these numbers.
        const string Numbers = "{\"generation\":0, \"term\": 0, \"nextCut\": 1";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Numbers)));
        await RefusedAsync(Encoding.ASCII.GetBytes($"{Numbers}, \"sha256\": \"{hash}\"}}\n"));
    }

    [Fact]
    public async Task A_damaged_pointer_is_not_overwritten()
    {
        await RefusedAsync("{}"u8.ToArray());
        await Assert.ThrowsAsync<SnapshotCorruptException>(
            async () => await Store.TryWritePointerAsync("m", ModelPointer.First, new(1, 1, 1), default));
        Assert.Equal("{}", await File.ReadAllTextAsync(_directory.Pointer));
        File.Delete(_directory.Pointer);
        Assert.Equal(1, await Cuts.TakeNumberAsync(Store));
    }

    private async Task RefusedAsync(byte[] bytes)
    {
        Directory.CreateDirectory(_directory.Model);
        await File.WriteAllBytesAsync(_directory.Pointer, bytes);
        var e = await Assert.ThrowsAsync<SnapshotCorruptException>(async () => await Store.ReadPointerAsync("m", default));
        Assert.Equal(_directory.Pointer, e.Name);
    }
}
