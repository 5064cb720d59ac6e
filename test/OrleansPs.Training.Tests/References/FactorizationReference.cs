namespace OrleansPs.Training.Tests.References;

/// <summary>
/// Matrix factorisation with biases by stochastic gradient descent, one rating after the other, as Koren, Bell and Volinsky 2009 describe it: with doubles, in one
/// process.
/// </summary>
internal sealed class FactorizationReference(int factors, double lr, double penalty, double std, int seed)
{
    private readonly Random _random = new(seed);
    private readonly Dictionary<long, double[]> _users = [];
    private readonly Dictionary<long, double[]> _items = [];
    private double _mean;

    public void Train(Ratings ratings, int epochs)
    {
        _mean = ratings.Mean;
        var order = Enumerable.Range(0, ratings.Count).ToArray();
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            _random.Shuffle(order);
            foreach (var i in order) Update(ratings[i].User, ratings[i].Item, ratings[i].Rating);
        }
    }

    public double Rmse(Ratings ratings) => Math.Sqrt(Enumerable.Range(0, ratings.Count)
        .Average(i => Math.Pow(Predict(Row(_users, ratings[i].User), Row(_items, ratings[i].Item)) - ratings[i].Rating, 2)));

    private void Update(long userKey, long itemKey, double rating)
    {
        var (user, item) = (Row(_users, userKey), Row(_items, itemKey));
        var error = rating - Predict(user, item);
        for (var f = 0; f < factors; f++)
        {
            var (p, q) = (user[f], item[f]);
            user[f] += lr * ((error * q) - (penalty * p));
            item[f] += lr * ((error * p) - (penalty * q));
        }
        user[factors] += lr * (error - (penalty * user[factors]));
        item[factors] += lr * (error - (penalty * item[factors]));
    }

    private double Predict(double[] user, double[] item)
    {
        var prediction = _mean + user[factors] + item[factors];
        for (var f = 0; f < factors; f++) prediction += user[f] * item[f];
        return prediction;
    }

    private double[] Row(Dictionary<long, double[]> rows, long key)
    {
        if (rows.TryGetValue(key, out var row)) return row;
        return rows[key] = [.. Enumerable.Range(0, factors + 1).Select(_ => std * Normal())];
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}
