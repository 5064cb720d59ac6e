namespace OrleansPs.Conformance;

/// <summary>Every kind of optimizer with every term of its rule at work.</summary>
public static class Optimizers
{
    private static readonly Dictionary<string, Optimizer> Named = new()
    {
        ["sgd"] = Optimizer.Sgd(lr: 0.1),
        ["sgd with weight decay"] = Optimizer.Sgd(lr: 0.1, weightDecay: 0.05),
        ["momentum"] = Optimizer.Sgd(lr: 0.1, momentum: 0.9, weightDecay: 0.01),
        ["momentum with dampening"] = Optimizer.Sgd(lr: 0.1, momentum: 0.8, dampening: 0.3),
        ["nesterov"] = Optimizer.Sgd(lr: 0.1, momentum: 0.9, nesterov: true),
        ["adam"] = Optimizer.Adam(lr: 0.02, weightDecay: 0.01),
        ["adamw"] = Optimizer.AdamW(lr: 0.02, weightDecay: 0.1),
        ["adagrad"] = Optimizer.Adagrad(lr: 0.05, lrDecay: 0.01, weightDecay: 0.01, initialAccumulatorValue: 0.1),
        ["rmsprop"] = Optimizer.RmsProp(lr: 0.02, alpha: 0.9, weightDecay: 0.01),
        ["rmsprop with momentum"] = Optimizer.RmsProp(lr: 0.01, alpha: 0.9, momentum: 0.5),
        ["centered rmsprop"] = Optimizer.RmsProp(lr: 0.01, alpha: 0.9, eps: 0.1, centered: true),
        ["ftrl-proximal"] = Optimizer.FtrlProximal(alpha: 0.2, beta: 0.5, l1: 0.3, l2: 0.1),
        ["sum"] = Optimizer.Sum(),
        ["assign"] = Optimizer.Assign(),
    };

    public static TheoryData<string> All => [.. Named.Keys];

    public static Optimizer Of(string name) => Named[name];
}
