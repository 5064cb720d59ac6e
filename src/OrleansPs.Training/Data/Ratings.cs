namespace OrleansPs.Training;

/// <summary>Ratings that users gave to items.</summary>
/// <remarks>Filled once, and from then on thread safe: all workers of a process share one.</remarks>
public sealed class Ratings
{
    private readonly List<(long User, long Item, float Rating)> _all = [];
    private double _sum;

    /// <summary>The number of ratings.</summary>
    public int Count => _all.Count;

    /// <summary>The mean rating; NaN if there is none.</summary>
    public double Mean => _sum / Count;

    /// <summary>A rating: who gave it, to what, and which.</summary>
    public (long User, long Item, float Rating) this[int index] => _all[index];

    /// <summary>Reads a file of ratings, see <see cref="RatingsReader"/>.</summary>
    /// <exception cref="DataFormatException">It is missing or bad, or holds none.</exception>
    public static Ratings Load(string path)
    {
        using var reader = new RatingsReader(path);
        var ratings = new Ratings();
        while (reader.Read()) ratings.Add(reader.User, reader.Item, reader.Rating);
        return ratings.Count > 0 ? ratings : throw new DataFormatException(path, "it holds no rating.");
    }

    /// <summary>Adds a rating.</summary>
    public void Add(long user, long item, float rating)
    {
        _all.Add((user, item, rating));
        _sum += rating;
    }

    /// <summary>Cuts the ratings in two, by the hash of user and item.</summary>
    public (Ratings Train, Ratings Test) Split(HashedSplit split)
    {
        var (train, test) = (new Ratings(), new Ratings());
        foreach (var (user, item, rating) in _all) (split.IsTest((ulong)user, (ulong)item) ? test : train).Add(user, item, rating);
        return (train, test);
    }
}
