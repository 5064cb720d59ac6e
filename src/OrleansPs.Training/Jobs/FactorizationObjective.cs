using System.Numerics.Tensors;

namespace OrleansPs.Training;

/// <summary>
/// The squared error of ratings that are predicted as mean + user's bias + item's bias + user's factors . item's factors, with an L2 penalty on all of these
/// (Koren, Bell and Volinsky 2009, equation 5). The gradients are those of half of it.
/// </summary>
internal sealed class FactorizationObjective : RowObjective
{
    private readonly Ratings _ratings;
    private readonly float _mean;
    private readonly float _penalty;
    private readonly int _factors;
    private readonly RowBuffer _users;
    private readonly RowBuffer _items;
    private readonly List<(int User, int Item)> _slots = [];

    public FactorizationObjective(Ratings ratings, double mean, int factors, double penalty)
        : this(ratings, mean, factors, penalty, new(MatrixFactorization.Users, factors + 1), new(MatrixFactorization.Items, factors + 1)) { }

    private FactorizationObjective(Ratings ratings, double mean, int factors, double penalty, RowBuffer users, RowBuffer items)
        : base(users, items)
    {
        _ratings = ratings;
        _mean = (float)mean;
        _penalty = (float)penalty;
        _factors = factors;
        _users = users;
        _items = items;
    }

    public override int Examples => _ratings.Count;

    /// <summary>The rating that two rows predict.</summary>
    public static float Predict(float mean, ReadOnlySpan<float> user, ReadOnlySpan<float> item) =>
        mean + user[^1] + item[^1] + TensorPrimitives.Dot(user[..^1], item[..^1]);

    protected override void Select(ReadOnlySpan<int> examples, SplitMix64 random)
    {
        _slots.Clear();
        foreach (var example in examples)
        {
            var (user, item, _) = _ratings[example];
            _slots.Add((_users.SlotOf(user), _items.SlotOf(item)));
        }
    }

    protected override double Compute(ReadOnlySpan<int> examples)
    {
        var loss = 0.0;
        for (var i = 0; i < examples.Length; i++)
        {
            var user = _users.Row(_slots[i].User);
            var item = _items.Row(_slots[i].Item);
            var error = Predict(_mean, user, item) - _ratings[examples[i]].Rating;
            AddGradient(user, item, error, _users.Gradient(_slots[i].User));
            AddGradient(item, user, error, _items.Gradient(_slots[i].Item));
            loss += error * error;
        }
        return loss / examples.Length;
    }

    private void AddGradient(ReadOnlySpan<float> own, ReadOnlySpan<float> other, float error, Span<float> gradient)
    {
        var factors = gradient[.._factors];
        TensorPrimitives.MultiplyAdd(other[.._factors], error, factors, factors);
        TensorPrimitives.MultiplyAdd(own, _penalty, gradient, gradient);
        gradient[_factors] += error;
    }
}
