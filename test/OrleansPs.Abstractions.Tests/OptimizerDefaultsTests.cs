using System.Reflection;

namespace OrleansPs.Abstractions.Tests;

/// <summary>Names and defaults of optimizers are those of torch.optim.</summary>
public class OptimizerDefaultsTests
{
    public static TheoryData<string, string> TorchDefaults => new()
    {
        { "Sgd", "lr=0.001 momentum=0 dampening=0 weightDecay=0 nesterov=False" },
        { "Adam", "lr=0.001 beta1=0.9 beta2=0.999 eps=1E-08 weightDecay=0" },
        { "AdamW", "lr=0.001 beta1=0.9 beta2=0.999 eps=1E-08 weightDecay=0.01" },
        { "Adagrad", "lr=0.01 lrDecay=0 weightDecay=0 initialAccumulatorValue=0 eps=1E-10" },
        { "RmsProp", "lr=0.01 alpha=0.99 eps=1E-08 weightDecay=0 momentum=0 centered=False" },
        { "FtrlProximal", "alpha=0.1 beta=1 l1=0 l2=0" },
        { "RowwiseAdagrad", "lr=0.01 weightDecay=0 initialAccumulatorValue=0 eps=1E-10" },
        { "Sum", "" },
        { "Assign", "" },
    };

    [Theory]
    [MemberData(nameof(TorchDefaults))]
    public void The_parameters_and_their_defaults_are_PyTorchs(string name, string defaults)
    {
        var method = typeof(Optimizer).GetMethod(name, BindingFlags.Public | BindingFlags.Static)!;
        Assert.Equal(defaults, string.Join(' ', method.GetParameters().Select(
            p => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{p.Name}={p.DefaultValue}"))));
    }

    [Fact]
    public void Every_number_arrives_where_it_belongs()
    {
        var sgd = Assert.IsType<SgdOptimizer>(Optimizer.Sgd(1, 2, 3, 4, true));
        Assert.Equal((1.0, 2.0, 3.0, 4.0, true), (sgd.Lr, sgd.Momentum, sgd.Dampening, sgd.WeightDecay, sgd.Nesterov));
        var adam = Assert.IsType<AdamOptimizer>(Optimizer.Adam(1, 2, 3, 4, 5));
        Assert.Equal((1.0, 2.0, 3.0, 4.0, 5.0, false), (adam.Lr, adam.Beta1, adam.Beta2, adam.Eps, adam.WeightDecay, adam.Decoupled));
        var adamW = Assert.IsType<AdamOptimizer>(Optimizer.AdamW(1, 2, 3, 4, 5));
        Assert.Equal(adam with { Decoupled = true }, adamW);
        Assert.NotEqual(Optimizer.Adam(weightDecay: 1), Optimizer.AdamW(weightDecay: 1));
        var adagrad = Assert.IsType<AdagradOptimizer>(Optimizer.Adagrad(1, 2, 3, 4, 5));
        Assert.Equal((1.0, 2.0, 3.0, 4.0, 5.0),
            (adagrad.Lr, adagrad.LrDecay, adagrad.WeightDecay, adagrad.InitialAccumulatorValue, adagrad.Eps));
        var rmsProp = Assert.IsType<RmsPropOptimizer>(Optimizer.RmsProp(1, 2, 3, 4, 5, true));
        Assert.Equal((1.0, 2.0, 3.0, 4.0, 5.0, true),
            (rmsProp.Lr, rmsProp.Alpha, rmsProp.Eps, rmsProp.WeightDecay, rmsProp.Momentum, rmsProp.Centered));
        var ftrl = Assert.IsType<FtrlProximalOptimizer>(Optimizer.FtrlProximal(1, 2, 3, 4));
        Assert.Equal((1.0, 2.0, 3.0, 4.0, 0.0), (ftrl.Lr, ftrl.Beta, ftrl.L1, ftrl.L2, ftrl.WeightDecay));
        var rowwise = Assert.IsType<RowwiseAdagradOptimizer>(Optimizer.RowwiseAdagrad(1, 2, 3, 4));
        Assert.Equal((1.0, 2.0, 3.0, 4.0), (rowwise.Lr, rowwise.WeightDecay, rowwise.InitialAccumulatorValue, rowwise.Eps));
        Assert.Equal((1.0, 0.0), (Optimizer.Sum().Lr, Optimizer.Assign().WeightDecay));
    }

    [Fact]
    public void A_group_changes_only_what_it_names()
    {
        var spec = new ModelSpec("m")
        {
            Parameters =
            [
                new("none", [1]), new("lr", [1]) { Group = "lr" }, new("both", [1]) { Group = "both", Optimizer = Optimizer.Sgd(9, 0.5) },
                new("empty", [1]) { Group = "empty" },
            ],
            Optimizer = Optimizer.Adam(1, weightDecay: 2),
            Groups = [new("lr") { Lr = 3 }, new("both") { Lr = 0, WeightDecay = 4 }, new("empty")],
        };
        Assert.Equal(spec.Optimizer, spec.OptimizerOf(spec.Parameters[0]));
        Assert.Equal(Optimizer.Adam(3, weightDecay: 2), spec.OptimizerOf(spec.Parameters[1]));
        Assert.Equal(Optimizer.Sgd(0, 0.5, weightDecay: 4), spec.OptimizerOf(spec.Parameters[2]));
        Assert.Equal(spec.Optimizer, spec.OptimizerOf(spec.Parameters[3]));
        Assert.Null(spec.GroupOf(spec.Parameters[0]));
        Assert.Equal("both", spec.GroupOf(spec.Parameters[2])!.Name);
    }

    [Fact]
    public void A_model_is_as_large_as_its_parameters()
    {
        var spec = new ModelSpec("m") { Parameters = [new("a", [2, 3, 4]), new("b", []), new("c", [5])], Optimizer = Optimizer.Sgd(), Workers = 3 };
        Assert.Equal(30, spec.Length);
        Assert.Equal([24, 1, 5], spec.Parameters.Select(p => p.Length));
        Assert.Equal(["[2, 3, 4]", "[]", "[5]"], spec.Parameters.Select(p => p.ShapeText));
        Assert.Equal(3, spec.RankLimit);
        Assert.Equal(7, (spec with { MaxWorkers = 7 }).RankLimit);
    }
}
