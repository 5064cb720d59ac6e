namespace OrleansPs.Training.Tests.Data;

public sealed class RatingsReaderTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n7,8,4,12")]
    [InlineData("1,31,2.5,1260759144\r\n\r\n7,8,4,12\r\n")]
    [InlineData("1\t31\t2.5\t1260759144\n7\t8\t4\t12\n")]
    [InlineData("1::31::2.5::1260759144\n7::8::4::12\n")]
    [InlineData("rating;title;\"item\";time;user\n2.5;x;31;1260759144;1\n4;;8;12;7\n")]
    public void Every_separator_and_every_order_of_columns_is_read(string text)
    {
        using var reader = new RatingsReader(Write(text));
        Assert.True(reader.Read());
        Assert.Equal((1, 31, 2.5f, 1260759144), (reader.User, reader.Item, reader.Rating, reader.Timestamp));
        Assert.True(reader.Read());
        Assert.Equal((7, 8, 4f, 12), (reader.User, reader.Item, reader.Rating, reader.Timestamp));
        Assert.False(reader.Read());
    }

    [Fact]
    public void A_timestamp_may_be_missing()
    {
        using var reader = new RatingsReader(Write("1,2,3"));
        Assert.True(reader.Read());
        Assert.Null(reader.Timestamp);
    }

    [Theory]
    [InlineData("1,2,3\n1,2", "line 2, column 4: the line ends after 2 fields; a rating was expected.")]
    [InlineData("1,2,3\n1,x,3", "line 2, column 3: 'x' is there; an item, a whole number >= 0, was expected.")]
    [InlineData("1,2,3\n-1,2,3", "line 2, column 1: '-1' is there; a user, a whole number >= 0, was expected.")]
    [InlineData("1,2,good", "line 1, column 5: 'good' is there; a rating, a finite number, was expected.")]
    [InlineData("1,2,3,now", "line 1, column 7: 'now' is there; a timestamp, a whole number >= 0, was expected.")]
    [InlineData("user,film,rating\n1,2,3", "line 1, column 1: the columns are 'user', 'film', 'rating'; one named item or itemid")]
    [InlineData("\n\n", "it holds no rating.")]
    public void A_bad_line_is_named_with_place_and_what_was_expected(string text, string problem) =>
        Assert.StartsWith(problem, Assert.Throws<DataFormatException>(() => Ratings.Load(Write(text))).Problem, StringComparison.Ordinal);

    [Fact]
    public void A_split_depends_on_user_item_and_seed_alone()
    {
        var (one, other) = (new Ratings(), new Ratings());
        for (var i = 0; i < 10_000; i++)
        {
            one.Add(i % 100, i / 100, 1);
            other.Add((9999 - i) % 100, (9999 - i) / 100, 1);
        }
        var (train, test) = one.Split(new(0.2, 1));
        Assert.Equal(10_000, train.Count + test.Count);
        Assert.InRange(test.Count, 1850, 2150);
        Assert.Equal(Pairs(test).Order(), Pairs(other.Split(new(0.2, 1)).Test).Order());
        Assert.NotEqual(Pairs(test), Pairs(one.Split(new(0.2, 2)).Test));
        Assert.InRange(Pairs(test).Select(p => p.User).Distinct().Count(), 95, 100);
    }

    [Fact]
    public void A_share_that_is_none_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new HashedSplit(1.1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HashedSplit(-0.1, 0));
    }

    private static (long User, long Item)[] Pairs(Ratings ratings) =>
        [.. Enumerable.Range(0, ratings.Count).Select(i => (ratings[i].User, ratings[i].Item))];

    private string Write(string text)
    {
        var path = _directory.File("ratings.csv");
        File.WriteAllText(path, text);
        return path;
    }
}
