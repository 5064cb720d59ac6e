namespace OrleansPs.Training;

/// <summary>Measures the factors of <see cref="MatrixFactorization"/> on ratings. Not thread safe.</summary>
internal sealed class FactorizationEvaluator : IEvaluator
{
    private readonly Ratings _ratings;
    private readonly float _mean;
    private readonly int _width;
    private readonly Dictionary<long, int> _users = [];
    private readonly Dictionary<long, int> _items = [];

    public FactorizationEvaluator(Ratings ratings, double mean, int width)
    {
        _ratings = ratings;
        _mean = (float)mean;
        _width = width;
        for (var i = 0; i < ratings.Count; i++)
        {
            _users.TryAdd(ratings[i].User, _users.Count);
            _items.TryAdd(ratings[i].Item, _items.Count);
        }
    }

    public async Task<Evaluation> EvaluateAsync(IParameterReader reader, CancellationToken cancellationToken = default)
    {
        var users = await ReadAsync(reader, MatrixFactorization.Users, _users, cancellationToken).ConfigureAwait(false);
        var items = await ReadAsync(reader, MatrixFactorization.Items, _items, cancellationToken).ConfigureAwait(false);
        var (predictions, targets) = (new double[_ratings.Count], new double[_ratings.Count]);
        for (var i = 0; i < predictions.Length; i++)
        {
            var (user, item, rating) = _ratings[i];
            predictions[i] = FactorizationObjective.Predict(_mean, Row(users, _users[user]), Row(items, _items[item]));
            targets[i] = rating;
        }
        var error = Metrics.RootMeanSquaredError(predictions, targets);
        return new(predictions.Length, error * error, error);
    }

    private ReadOnlySpan<float> Row(float[] rows, int slot) => rows.AsSpan(slot * _width, _width);

    private async Task<float[]> ReadAsync(IParameterReader reader, string table, Dictionary<long, int> keys, CancellationToken cancellationToken)
    {
        var rows = new float[keys.Count * _width];
        await reader.ReadRowsAsync(table, _width, keys.Keys.ToArray(), rows, cancellationToken).ConfigureAwait(false);
        return rows;
    }
}
