using OrleansPs.Train.Data;
using OrleansPs.Training.Tests;

namespace OrleansPs.Train.Tests.Data;

/// <summary>R's own form of data, as a package of R holds the ratings.</summary>
public sealed class RDatabaseTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Vectors_lists_and_their_names_are_read(int version)
    {
        var value = RDeserializer.Read(Table(version), "file");
        Assert.Equal([1, 2, double.NaN], value["userId"]!.Numbers!);
        Assert.Equal([2.5, -4], value["rating"]!.Numbers!);
        Assert.Equal<IEnumerable<string?>>(["a", "ä"], (string?[])value["title"]!.Data!);
        Assert.Null(value["none"]);
        Assert.Null(value["title"]!.Numbers);
        Assert.Equal(["names"], value.Attributes.Keys);
    }

    [Fact]
    public void Vectors_that_R_writes_as_what_makes_them_are_read()
    {
        var writer = new RWriter();
        // A run 5, 4, 3; and a vector that is wrapped.
        writer.List(["run", "wrapped"], () =>
        {
            writer.Int(238).Int(2).Symbol("compact_intseq").Int(2).Symbol("base").Int(2).Ints(13).Int(254).Reals(3, 5, -1).Int(254);
            writer.Int(238).Int(2).Symbol("wrap_real").Int(254).Int(19).Int(2).Reals(7).Ints(0, 0).Int(254);
        });
        var value = RDeserializer.Read(writer.ToArray(), "file");
        Assert.Equal([5, 4, 3], value["run"]!.Numbers!);
        Assert.Equal([7], value["wrapped"]!.Numbers!);
    }

    [Fact]
    public void Data_that_is_cut_short_anywhere_is_refused()
    {
        var bytes = Table(3);
        for (var length = 0; length < bytes.Length; length++)
        {
            var error = Assert.Throws<DataFormatException>(() => RDeserializer.Read(bytes.AsSpan(0, length), "file"));
            Assert.StartsWith("R's serialized data is bad: ", error.Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Damaged_data_is_refused_or_read_but_never_an_error_of_another_kind()
    {
        var (bytes, random) = (Table(3), new Random(5));
        for (var i = 0; i < 5000; i++)
        {
            var damaged = bytes.ToArray();
            damaged[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                RDeserializer.Read(damaged, "file");
            }
            catch (DataFormatException)
            {
            }
        }
    }

    [Fact]
    public async Task Ratings_of_a_package_become_a_file()
    {
        var table = new RWriter();
        table.List(["movieId", "title", "userId", "rating", "timestamp"],
            () => table.Ints(31, 1029).Strings("One", "Two").Ints(1, 2).Reals(2.5, 4).Ints(1260759144, 12));
        RWriter.WriteDatabase(_directory.Path, "movielens", table.ToArray());

        var outcome = await TinyRuns.RunAsync(["export-movielens", "--package", _directory.Path, "--to", _directory.File("ratings.csv")]);
        Assert.Equal($"2 ratings in {_directory.File("ratings.csv")}", outcome.Succeeded().Output.Trim());
        Assert.Equal("userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n2,1029,4,12\n", await File.ReadAllTextAsync(_directory.File("ratings.csv")));
    }

    [Fact]
    public void What_is_missing_in_a_package_is_named()
    {
        Assert.Contains("can't be read", Refusal().Problem, StringComparison.Ordinal);
        RWriter.WriteDatabase(_directory.Path, "murders", Table(3));
        Assert.Equal("it has no object 'movielens'.", Refusal().Problem);
        RWriter.WriteDatabase(_directory.Path, "movielens", Table(3));
        Assert.Equal("the table movielens has no column of numbers 'movieId'.", Refusal().Problem);
        var data = _directory.File("Rdata.rdb");
        var bytes = File.ReadAllBytes(data);
        File.WriteAllBytes(data, bytes[..^5]);
        Assert.StartsWith("truncated: 'movielens' is at bytes 3 to", Refusal().Problem, StringComparison.Ordinal);
        bytes[12] ^= 0xFF;
        bytes[13] ^= 0xFF;
        File.WriteAllBytes(data, bytes);
        Assert.IsType<DataFormatException>(Refusal());
    }

    private DataFormatException Refusal() =>
        Assert.Throws<DataFormatException>(() => RatingsExport.Write(_directory.Path, _directory.File("ratings.csv")));

    private static byte[] Table(int version)
    {
        var writer = new RWriter(version);
        writer.List(["userId", "rating", "title"], () => writer.Ints(1, 2, int.MinValue).Reals(2.5, -4).Strings("a", "ä"));
        return writer.ToArray();
    }
}
